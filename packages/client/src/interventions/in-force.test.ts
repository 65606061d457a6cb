import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { interventionsInForce } from './in-force.js';
import type { Intervention } from './intervention.js';

function intervention(nodeId: string, atMs = 0): Intervention {
  return { nodeId, who: 'anna', why: 'a test', atMs, untilMs: atMs + 1000 };
}

const byNode = (...all: readonly Intervention[]) => new Map(all.map((each) => [each.nodeId, each]));

describe('manual ejections', () => {
  it('count for the nodes that are there', () => {
    const { ejected, ignored } = interventionsInForce(
      ['a', 'b'],
      byNode(intervention('a'), intervention('z')),
    );
    expect([...ejected.keys()]).toEqual(['a']);
    expect(ignored).toBeUndefined();
  });

  it('leave the last node, which is the one that was ejected last', () => {
    const wanted = byNode(intervention('a', 1), intervention('b', 3), intervention('c', 2));
    const { ejected, ignored } = interventionsInForce(['a', 'b', 'c'], wanted);
    expect([...ejected.keys()]).toEqual(['a', 'c']);
    expect(ignored?.nodeId).toBe('b');
    expect(interventionsInForce(['a'], wanted).ignored?.nodeId).toBe('a');
  });

  it('never take all nodes, take all that they may, and agree whatever the order of the nodes', () => {
    const ids = fc.uniqueArray(fc.constantFrom('a', 'b', 'c', 'd', 'e'), { minLength: 1 });
    const wanted = fc.uniqueArray(
      fc.record({ id: fc.constantFrom('a', 'b', 'c', 'd', 'e'), at: fc.integer({ min: 0, max: 3 }) }),
      { selector: ({ id }) => id },
    );
    fc.assert(
      fc.property(ids, wanted, (nodes, all) => {
        const map = byNode(...all.map(({ id, at }) => intervention(id, at)));
        const { ejected, ignored } = interventionsInForce(nodes, map);
        const asked = nodes.filter((id) => map.has(id)).length;
        expect(ejected.size).toBe(Math.min(asked, nodes.length - 1));
        expect(ignored === undefined).toBe(asked < nodes.length);
        const turned = interventionsInForce([...nodes].reverse(), map);
        expect(turned.ignored).toBe(ignored);
      }),
    );
  });
});
