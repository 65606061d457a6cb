import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { callEach, Fleet, tell } from './fleet.js';
import type { HelloNode } from './hello-node.js';
import { executedTwice, spread } from './load.js';

vi.setConfig({ testTimeout: 60_000 });

let fleet: Fleet;
beforeEach(() => {
  fleet = new Fleet();
});
afterEach(() => fleet.close());

/** 1,000 calls within 3.3 s. */
const LOAD = { calls: 1000, perSecond: 300 };

describe('two nodes and the default single retry lose none of 1,000 calls', () => {
  it('when one is killed, and its entry stays', async () => {
    const [first] = await fleet.startMany(2, { workMs: 20 });
    const hello = await fleet.client();
    const happenings = [{ atMs: 1000, what: () => first?.kill('SIGKILL') }];
    const result = await spread({ ...LOAD, happenings }, (name) => hello.anything({ name }));
    tell('kill -9', result);
    expect(result.failures).toEqual([]);
    expect(executedTwice(fleet.nodes)).toEqual([]);
    expect(result.attempts.some(({ attempt }) => attempt > 1)).toBe(true);
  });

  // In a registry each start is a new instance; a static list knows only addresses, so that a node keeps its marks.
  it.each([
    ['micromesh', 'registered'],
    ['plain', 'static'],
  ] as const)(
    'when both are killed and started again in turn at the same port, 300 ms apart (%s, %s)',
    async (kind, how) => {
      const both = await fleet.startMany(2, { kind, workMs: 20 });
      const list = `static:hello=${both.map(({ address }) => address).join(',')}`;
      const hello = await fleet.client(how === 'static' ? { registry: list } : {});
      const restarts: Promise<HelloNode>[] = [];
      const restart = async (node: HelloNode) => {
        await node.end();
        return fleet.start({ kind, workMs: 20, listen: node.address });
      };
      const happenings = both.map((node, index) => ({
        atMs: 800 + 300 * index,
        what: () => restarts.push(restart(node)),
      }));
      const result = await spread({ ...LOAD, happenings }, (name) => hello.anything({ name }));
      tell(`both restarted at the same port (${kind}, ${how})`, result);
      expect(result.failures).toEqual([]);
      expect(executedTwice(fleet.nodes)).toEqual([]);
      await callEach(hello, await Promise.all(restarts), 'again');
    },
  );
});
