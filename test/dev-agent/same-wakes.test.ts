import { createAbortController } from '@micromesh/core';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ask, indexOf } from './ask.js';
import { type BothAgents, startBoth } from './both-agents.js';
import type { Command } from './commands.js';
import { consulToCompareWith } from './consul-binary.js';

const binary = await consulToCompareWith();

const WATCHED = [
  '/v1/health/service/a',
  '/v1/health/service/a?passing',
  '/v1/health/service/c',
  '/v1/health/service/none',
  '/v1/health/service/cello',
  '/v1/catalog/service/a',
  '/v1/catalog/service/none',
  '/v1/catalog/services',
  '/v1/kv/k/x',
  '/v1/kv/none',
  '/v1/kv/kn',
  '/v1/kv/k?recurse',
  '/v1/kv/k?keys',
  '/v1/kv/z?recurse',
  '/v1/kv/?recurse',
];

function put(path: string, body?: unknown): Command {
  return { method: 'PUT', path, ...(body === undefined ? {} : { body }) };
}

const A1 = { ID: 'a1', Name: 'a', Check: { TTL: '300s', Status: 'passing' } };
const WRITES: readonly Command[] = [
  put('/v1/agent/service/register', A1),
  put('/v1/agent/service/register', A1),
  put('/v1/agent/service/register', { ...A1, Tags: ['x'] }),
  put('/v1/agent/service/register', { ID: 'a2', Name: 'a' }),
  put('/v1/agent/check/pass/service:a1'),
  put('/v1/agent/check/pass/service:a1?note=other'),
  put('/v1/agent/check/warn/service:a1'),
  put('/v1/agent/check/fail/service:a1'),
  put('/v1/agent/check/fail/service:a1'),
  put('/v1/agent/check/pass/service:a1'),
  put('/v1/agent/service/register', { Name: 'c', Check: { TTL: '300s' } }),
  put('/v1/agent/check/pass/service:c'),
  put('/v1/agent/service/maintenance/a1?enable=true'),
  put('/v1/agent/service/maintenance/a1?enable=false'),
  put('/v1/agent/maintenance?enable=true'),
  put('/v1/agent/maintenance?enable=false'),
  put('/v1/agent/service/deregister/a1'),
  put('/v1/agent/service/deregister/nobody'),
  put('/v1/agent/service/deregister/a2'),
  put('/v1/agent/service/deregister/c'),
  put('/v1/kv/k/x', 'one'),
  put('/v1/kv/k/x', 'one'),
  put('/v1/kv/k/x', 'two'),
  put('/v1/kv/k/y', 'one'),
  put('/v1/kv/other', 'one'),
  { method: 'DELETE', path: '/v1/kv/k/y' },
  { method: 'DELETE', path: '/v1/kv/k/y' },
  { method: 'DELETE', path: '/v1/kv/k?recurse' },
  { method: 'DELETE', path: '/v1/kv/other' },
];

const SETTLE_MS = 80;

describe.skipIf(binary === undefined)('a blocking query', () => {
  let both: BothAgents;
  beforeEach(async () => {
    both = await startBoth(binary ?? '');
  });
  afterEach(() => both.stop());

  // Consul wakes queries without cause now and then, on a busy machine more often: a wake that only one of them has must be there again.
  it('is woken by the same writes on the dev agent and on Consul', {
    retry: 2,
    timeout: 120_000,
  }, async () => {
    const wakes = new Map<string, number>();
    for (const write of WRITES) {
      const watches = await Promise.all(both.addresses.map(watchAll));
      try {
        await both.run(write);
        await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
        const [ours, theirs] = watches.map((watch) => watch.woken);
        const same = () => expect([...(ours ?? [])].sort(), words(write)).toEqual([...(theirs ?? [])].sort());
        await vi.waitFor(same, { timeout: 5_000, interval: 10 });
        for (const path of ours ?? []) wakes.set(path, (wakes.get(path) ?? 0) + 1);
      } finally {
        for (const watch of watches) watch.end();
      }
    }
    // Every kind of watch has been woken at least once, and none by everything.
    expect([...wakes.keys()].sort()).toEqual([...WATCHED].sort());
    expect(Math.max(...wakes.values())).toBeLessThan(WRITES.length);
  });
});

function words({ method, path, body }: Command): string {
  return `${method} ${path} ${JSON.stringify(body) ?? ''}`;
}

/** Waits on all paths for a write after now. */
async function watchAll(address: string): Promise<{ readonly woken: Set<string>; end(): void }> {
  const woken = new Set<string>();
  const abort = createAbortController();
  await Promise.all(
    WATCHED.map(async (path) => {
      const now = indexOf(await ask(address, { method: 'GET', path }));
      const query = `${path.includes('?') ? '&' : '?'}index=${now}&wait=60s`;
      ask(address, { method: 'GET', path: path + query }, undefined, abort.signal).then(
        () => woken.add(path),
        (error: unknown) => {
          if (!abort.signal.aborted) throw error;
        },
      );
    }),
  );
  // The queries have to be waiting before the write.
  await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
  return { woken, end: () => abort.abort() };
}
