import { formatAddress } from '@micromesh/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type RegistryEntry, sameNodes, snapshotOf } from './registry-entry.js';

const service = { name: 'hello' };

function entry(id: string, port: number, more: Partial<RegistryEntry> = {}): RegistryEntry {
  const address = { kind: 'tcp', host: '10.0.0.1', port } as const;
  return {
    node: { id, address, version: '', labels: {}, weight: 1, micromesh: true },
    usable: true,
    order: 0,
    ...more,
  };
}

function ids(entries: readonly RegistryEntry[]): string[] {
  return snapshotOf(service, entries).nodes.map((node) => node.id);
}

describe('snapshotOf', () => {
  it('sorts by id, so that equal content compares equal', () => {
    const [a, b] = [entry('a', 1), entry('b', 2)];
    expect(ids([b, a])).toEqual(['a', 'b']);
    expect(sameNodes(snapshotOf(service, [a, b]), snapshotOf(service, [b, a]))).toBe(true);
    expect(sameNodes(snapshotOf(service, [a]), snapshotOf(service, [b]))).toBe(false);
  });

  it('leaves out what is critical', () => {
    expect(ids([entry('a', 1, { usable: false }), entry('b', 2)])).toEqual(['b']);
  });

  it('keeps the instance of an address that was started last', () => {
    const [old, young] = [
      entry('z', 1, { startedAtMs: 1, order: 9 }),
      entry('a', 1, { startedAtMs: 2, order: 1 }),
    ];
    expect(ids([old, young])).toEqual(['a']);
    expect(ids([young, old])).toEqual(['a']);
  });

  it('keeps the entry that was made last where nobody says when it was started', () => {
    expect(ids([entry('a', 1, { order: 7 }), entry('b', 1, { order: 8 })])).toEqual(['b']);
  });

  it('does not fall back to a dead instance while the one at its address is critical', () => {
    expect(ids([entry('old', 1, { order: 1 }), entry('new', 1, { order: 2, usable: false })])).toEqual([]);
  });

  it('believes the agent that hears an instance which two agents hold', () => {
    const [heard, unheard] = [entry('a', 1, { order: 1 }), entry('a', 1, { order: 2, usable: false })];
    expect(ids([heard, unheard])).toEqual(['a']);
  });

  it('holds one node an address, the same ones in whatever order the entries come', () => {
    const anyEntry = fc
      .record({
        id: fc.constantFrom('a', 'b', 'c', 'd', 'e'),
        port: fc.integer({ min: 1, max: 3 }),
        usable: fc.boolean(),
        startedAtMs: fc.option(fc.integer({ min: 0, max: 3 }), { nil: undefined }),
        order: fc.integer({ min: 0, max: 1_000_000 }),
      })
      .map(({ id, port, ...more }) => entry(id, port, more));
    fc.assert(
      fc.property(fc.uniqueArray(anyEntry, { selector: (each) => each.order }), (entries) => {
        const { nodes } = snapshotOf(service, entries);
        const addresses = nodes.map((node) => formatAddress(node.address));
        expect(new Set(addresses).size).toBe(addresses.length);
        expect(snapshotOf(service, [...entries].reverse()).nodes).toEqual(nodes);
      }),
    );
  });
});
