import type { Intervention } from '@micromesh/client';
import type { ServiceNode, Snapshot } from '@micromesh/core';
import { describe, expect, it } from 'vitest';
import { colorsFor } from '../command/colors.js';
import type { AskedProcess } from './client-processes.js';
import type { KnownInterventions } from './known-interventions.js';
import { nodesText } from './nodes-text.js';
import { nodesView } from './nodes-view.js';

const AT = Date.parse('2026-01-01T10:00:00Z');

function node(id: string, port: number): ServiceNode {
  const address = { kind: 'tcp', host: '127.0.0.1', port } as const;
  return { id, address, version: '1.0.0', labels: {}, weight: 1, micromesh: true };
}

function known(...all: readonly Intervention[]): KnownInterventions {
  return { inForce: new Map(all.map((each) => [each.nodeId, each])), over: [], unreadable: [] };
}

const intervention = (nodeId: string, atMs = AT): Intervention => ({
  nodeId,
  who: 'anna',
  why: 'disk full',
  atMs,
  untilMs: AT + 600_000,
});

const SNAPSHOT: Snapshot = { service: { name: 'hello' }, nodes: [node('hello-b', 2), node('hello-a', 1)] };
const WORDS = 'ejected by anna until 2026-01-01T10:10:00.000Z: disk full';

const ASKED: readonly AskedProcess[] = [
  {
    process: { service: 'user', id: 'user-x', address: '127.0.0.1:9' },
    sights: [
      { nodeId: 'hello-a', address: '127.0.0.1:1', state: 'ejected', cause: WORDS, untilMs: AT + 600_000 },
      { nodeId: 'hello-b', address: '127.0.0.1:2', state: 'ready', cause: '', untilMs: undefined },
      {
        nodeId: 'hello-old',
        address: '127.0.0.1:3',
        state: 'ejected',
        cause: '5 failures',
        untilMs: AT,
      },
    ],
  },
  { process: { service: 'shop', id: 'shop-y', address: '127.0.0.1:8' }, sights: [] },
  { process: { service: 'other', id: 'other-z', address: '10.0.0.7:8' }, problem: 'answers UNAVAILABLE' },
];

describe("what is known of a service's nodes", () => {
  it('is brought together by node, whoever knows it', () => {
    const view = nodesView('consul 127.0.0.1:8500', SNAPSHOT, known(intervention('hello-a')), ASKED);
    expect(view.nodes.map(({ id, registered }) => [id, registered])).toEqual([
      ['hello-a', true],
      ['hello-b', true],
      ['hello-old', false],
    ]);
    expect(view.nodes[0]).toEqual({
      id: 'hello-a',
      address: '127.0.0.1:1',
      version: '1.0.0',
      registered: true,
      intervention: {
        who: 'anna',
        why: 'disk full',
        at: '2026-01-01T10:00:00.000Z',
        until: '2026-01-01T10:10:00.000Z',
        ignored: false,
      },
      clients: [
        {
          service: 'user',
          id: 'user-x',
          address: '127.0.0.1:9',
          state: 'ejected',
          cause: WORDS,
          until: '2026-01-01T10:10:00.000Z',
        },
      ],
    });
    expect(view.unasked).toEqual([
      { service: 'other', id: 'other-z', address: '10.0.0.7:8', problem: 'answers UNAVAILABLE' },
    ]);
  });

  it('says which ejection nobody follows, because it would take the last node', () => {
    const both = known(intervention('hello-a'), intervention('hello-b', AT + 1));
    const { nodes } = nodesView('memory', SNAPSHOT, both, []);
    expect(nodes.map((each) => each.intervention?.ignored)).toEqual([false, true]);
  });

  it('is a text that people can read', () => {
    const records = {
      ...known(intervention('hello-a')),
      unreadable: [{ key: 'k', problem: 'is no JSON object' }],
    };
    const view = nodesView('consul 127.0.0.1:8500', SNAPSHOT, records, ASKED);
    expect(
      nodesText(view, colorsFor({}, {})),
    ).toBe(`hello at consul 127.0.0.1:8500: 3 nodes, seen by 1 client process

hello-a  127.0.0.1:1  1.0.0  passing
  ${WORDS}
  user-x  ejected     ${WORDS}

hello-b  127.0.0.1:2  1.0.0  passing
  user-x  ready

hello-old  127.0.0.1:3  not registered
  user-x  ejected     5 failures until 2026-01-01T10:00:00.000Z

not asked: other-z 10.0.0.7:8: answers UNAVAILABLE
nobody can follow k: it is no JSON object
`);
  });
});
