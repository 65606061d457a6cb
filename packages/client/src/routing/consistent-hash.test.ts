import { status } from '@grpc/grpc-js';
import { describe, expect, it } from 'vitest';
import { BY_HEADER, balanced, pathOf, times, withHeader, worldOf } from '../testing/balanced-world.js';
import { NODES } from '../testing/ruled-world.js';

const USERS = Array.from({ length: 40 }, (_, index) => withHeader('x-user', `u-${index}`));

describe('a consistent hash', () => {
  it.each(['ringHash', 'maglev'])(
    'by %s sends equal keys to the same node, in whatever process',
    async (algorithm) => {
      const text = balanced(`consistentHash: { httpHeaderName: x-user, ${algorithm}: {} }`);
      const one = await pathOf(await worldOf(text, NODES, 1), USERS);
      const other = await pathOf(await worldOf(text, [...NODES].reverse(), 2), USERS);
      expect(other).toEqual(one);
      expect(new Set(one).size).toBe(NODES.length);
    },
  );

  it('sends a call without the header to any node', async () => {
    const path = await pathOf(await worldOf(balanced(BY_HEADER)), times(200));
    expect(new Set(path).size).toBe(NODES.length);
  });

  it('takes the key that code gives before its own', async () => {
    const world = await worldOf(balanced(BY_HEADER));
    const ofKey = await pathOf(world, [{ hashKey: 'u-1' }]);
    const ofHeader = await pathOf(world, [USERS[1] ?? {}]);
    expect(ofKey).toEqual(ofHeader);
    const both = USERS.map((options) => ({ ...options, hashKey: 'u-1' }));
    expect(new Set(await pathOf(world, both))).toEqual(new Set(ofKey));
  });

  it('goes to the next node with a retry, the same for every call of the key', async () => {
    const world = await worldOf(balanced(BY_HEADER));
    const [first = ''] = await pathOf(world, USERS.slice(0, 1));
    world.transport.node(first).script = () => ({ kind: 'status', code: status.UNAVAILABLE });
    const paths = [
      await pathOf(world, USERS.slice(0, 1), { retries: 1 }),
      await pathOf(world, USERS.slice(0, 1), { retries: 1 }),
    ];
    expect(paths[0]?.[0]).toBe(first);
    expect(paths[0]?.[1]).not.toBe(first);
    expect(paths[1]).toEqual(paths[0]);
  });

  it('by the address of the caller sends all calls to one node', async () => {
    const path = await pathOf(await worldOf(balanced('consistentHash: { useSourceIp: true }')), times(20));
    expect(new Set(path).size).toBe(1);
  });

  it('by a cookie reads it of the metadata', async () => {
    const text = balanced('consistentHash: { httpCookie: { name: user, ttl: 60s } }');
    const world = await worldOf(text);
    expect(new Set(await pathOf(world, times(20, withHeader('cookie', 'x=1; user=anna')))).size).toBe(1);
    expect(new Set(await pathOf(world, times(100, withHeader('cookie', 'x=1')))).size).toBe(NODES.length);
  });
});

describe('a key that code gives', () => {
  it.each(['ROUND_ROBIN', 'RANDOM', 'LEAST_REQUEST'])(
    'keeps its node where the rule says %s',
    async (simple) => {
      const path = await pathOf(await worldOf(balanced(`simple: ${simple}`)), times(20, { hashKey: 'anna' }));
      expect(new Set(path).size).toBe(1);
    },
  );
});
