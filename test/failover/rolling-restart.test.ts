import { events } from '@micromesh/core';
import { expect, it, vi } from 'vitest';
import { tell, withFleet } from './fleet.js';
import type { HelloNode } from './hello-node.js';
import { executedTwice, spread } from './load.js';
import { until } from './until.js';

vi.setConfig({ testTimeout: 180_000 });

it.each(['micromesh', 'plain'] as const)(
  'a rolling restart of three %s nodes by SIGTERM fails no call, and runs none twice',
  (kind) =>
    withFleet(async (fleet) => {
      const options = { kind, workMs: 50, lameDuckMs: 300 } as const;
      const old = await fleet.startMany(3, options);
      const hello = await fleet.client();
      const connected = new Set<string>();
      const unsubscribe = events.node.subscribe(({ address, state }) => {
        if (state === 'ready') connected.add(address);
      });
      const replaceAll = async () => {
        for (const node of old) await replace(node);
      };
      const replace = async (node: HelloNode) => {
        const fresh = await fleet.start(options);
        await until(() => connected.has(fresh.address), 'the client to be connected to the new node');
        // What an orchestrator does for a server that knows of no registry.
        if (kind === 'plain') await node.deregister();
        await node.end('SIGTERM');
      };
      let restart: Promise<void> | undefined;
      const happenings = [
        {
          atMs: 500,
          what: () => {
            restart = replaceAll();
          },
        },
      ];
      const result = await spread({ calls: 800, perSecond: 240, happenings }, (name) =>
        hello.anything({ name }),
      );
      await restart;
      unsubscribe();
      tell(`rolling restart (${kind})`, result);
      expect(old.every((node) => node.hasExited)).toBe(true);
      expect(result.failures).toEqual([]);
      expect(executedTwice(fleet.nodes)).toEqual([]);
    }),
);
