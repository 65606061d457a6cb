import { freePorts } from '@micromesh/cli/stage';
import { describe, expect, it, vi } from 'vitest';
import { callEach, tell, withFleet } from './fleet.js';
import type { HelloNode } from './hello-node.js';
import { executedTwice, spread } from './load.js';

vi.setConfig({ testTimeout: 180_000 });

/** 1,000 calls within 3.3 s. */
const LOAD = { calls: 1000, perSecond: 300 };

describe('two nodes and the default single retry lose none of 1,000 calls', () => {
  it('when one is killed, and its entry stays', () =>
    withFleet(async (fleet) => {
      // Some 15 calls are in a node at any time: that the kill meets none happens in one of a million runs.
      const [first] = await fleet.startMany(2, { workMs: 100 });
      const hello = await fleet.client();
      const happenings = [{ atMs: 1000, what: () => first?.kill('SIGKILL') }];
      const result = await spread({ ...LOAD, happenings }, (name) => hello.anything({ name }));
      tell('kill -9', result);
      expect(result.failures).toEqual([]);
      expect(executedTwice(fleet.nodes)).toEqual([]);
      expect(result.attempts.some(({ attempt }) => attempt > 1)).toBe(true);
    }));

  // In a registry each start is a new instance; a static list knows only addresses, so that a node keeps its marks.
  it.each([
    ['micromesh', 'registered'],
    ['plain', 'static'],
  ] as const)(
    'when both are killed and started again in turn at the same port, 300 ms apart (%s, %s)',
    (kind, how) =>
      withFleet(async (fleet) => {
        // Not any that is free: while a node is down, a connection to its port may be given that very port.
        const addresses = (await freePorts(2)).map((port) => `127.0.0.1:${port}`);
        const start = (listen: string) => fleet.start({ kind, workMs: 20, listen });
        const both = await Promise.all(addresses.map(start));
        const hello = await fleet.client(
          how === 'static' ? { registry: `static:hello=${addresses.join(',')}` } : {},
        );
        const restarts: Promise<HelloNode>[] = [];
        const restart = async (node: HelloNode) => {
          await node.end();
          return start(node.address);
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
      }),
  );
});
