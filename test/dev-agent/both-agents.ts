import { Agent } from 'node:http';
import { startConsul } from '@micromesh/cli/stage';
import { startDevAgent } from '@micromesh/registry';
import { expect, vi } from 'vitest';
import { ask, askJson, indexOf, type Reply } from './ask.js';
import { CLEANUP, type Command, OBSERVED } from './commands.js';
import { comparable } from './comparable.js';

/** A dev agent and a real Consul that are told the same. */
export interface BothAgents {
  /** `host:port` of the dev agent, then of Consul. */
  readonly addresses: readonly [string, string];
  /** Sends a command to both; fails where the answers differ. */
  run(command: Command): Promise<void>;
  /** Reads from both; fails where the answers differ, or where the index of one has moved and that of the other has not. */
  observe(path: string): Promise<void>;
  /** Takes everything away again, whatever happened. */
  reset(): Promise<void>;
  stop(): Promise<void>;
}

/** Starts both, and waits until Consul has written all that it writes by itself. */
export async function startBoth(binary: string): Promise<BothAgents> {
  const [dev, consul] = await Promise.all([startDevAgent({ port: 0 }), startConsul({ binary })]);
  await vi.waitFor(
    async () => {
      const rows = await askJson(consul.address, '/v1/catalog/service/consul');
      expect(rows).toEqual([expect.objectContaining({ NodeMeta: { 'consul-network-segment': '' } })]);
    },
    { timeout: 30_000 },
  );
  const addresses = [dev.address, consul.address] as const;
  const sockets = new Agent({ keepAlive: true });
  const seen = new Map<string, readonly (number | undefined)[]>();
  const askBoth = (command: Command): Promise<readonly [Reply, Reply]> =>
    Promise.all([send(addresses[0], command, sockets), send(addresses[1], command, sockets)]);
  return {
    addresses,
    async run(command) {
      const [ours, theirs] = await askBoth(command);
      expect(comparable(ours, command.path), words(command)).toEqual(comparable(theirs, command.path));
    },
    async observe(path) {
      const [ours, theirs] = await askBoth({ method: 'GET', path });
      expect(comparable(ours, path), path).toEqual(comparable(theirs, path));
      const before = seen.get(path);
      const now = [indexOf(ours), indexOf(theirs)];
      seen.set(path, now);
      const moves = now.map((index, which) => Math.sign((index ?? 0) - (before?.[which] ?? 0)));
      expect(moves[0], `how the index of ${path} moved (${before} to ${now})`).toBe(moves[1]);
    },
    async reset() {
      for (const each of CLEANUP) await askBoth(each);
      seen.clear();
      for (const path of OBSERVED) {
        const replies = await askBoth({ method: 'GET', path });
        seen.set(path, replies.map(indexOf));
      }
    },
    async stop() {
      sockets.destroy();
      await Promise.all([dev.stop(), consul.stop()]);
    },
  };
}

async function send(address: string, command: Command, sockets: Agent): Promise<Reply> {
  const { cas, path } = command;
  if (cas === undefined) return ask(address, command, sockets);
  const current = await modifyIndex(address, cas.key, sockets);
  const index = cas.from === 'current' ? current : current + 1_000_000;
  return ask(address, { ...command, path: `${path}?cas=${index}` }, sockets);
}

async function modifyIndex(address: string, key: string, sockets: Agent): Promise<number> {
  const reply = await ask(address, { method: 'GET', path: `/v1/kv/${encodeURI(key)}` }, sockets);
  if (reply.status !== 200) return 0;
  const [entry]: { ModifyIndex: number }[] = JSON.parse(reply.body);
  return entry?.ModifyIndex ?? 0;
}

function words({ method, path, body, cas }: Command): string {
  return `${method} ${path} ${body === undefined ? '' : JSON.stringify(body)} ${cas?.from ?? ''}`;
}
