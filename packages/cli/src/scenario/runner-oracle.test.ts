import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FakeClock } from '@micromesh/core/testing';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { statusOf } from './run-scenario-command.js';
import { runScenario } from './runner.js';
import { shortfalls } from './shortfalls.js';
import { ScriptedParts } from './testing/scripted-parts.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'micromesh-oracle-test-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** 20 calls; `answer` says how each ends, and what is recorded of it. */
async function run(answer: (id: string, parts: ScriptedParts) => Promise<string>) {
  const parts = new ScriptedParts(new FakeClock(), answer);
  const { clock } = parts;
  let over = false;
  const end = () => {
    over = true;
  };
  const running = runScenario(
    {
      ...{ scenario: 'slow', registry: 'embedded', nodes: 2, rps: 10, seconds: 2 },
      ...{ retries: undefined, maxConcurrentRetries: undefined },
    },
    {
      ...{ parts, clock, folder, signal: new AbortController().signal },
      progress: { step: () => {}, load: () => {} },
    },
  );
  running.then(end, end);
  while (!over) await clock.advance(10);
  return running;
}

test('a run whose nodes recorded nothing is no success, though every call was', async () => {
  const result = await run(async () => 'OK');
  expect(result).toMatchObject({ ok: 20, executedTwice: 0, okWithoutEffect: 20 });
  expect(statusOf(result)).toBe(1);
  expect(shortfalls(result)).toEqual(['20 calls succeeded without a recorded effect']);
});

test('one call that left only its start is found among calls that left an effect', async () => {
  const result = await run(async (id, parts) => {
    parts.effect('hello-2', id, id === 'call-7' ? 'start' : 'effect');
    return 'OK';
  });
  expect(result.okWithoutEffect).toBe(1);
  expect(statusOf(result)).toBe(1);
});

test('calls that failed need no effect', async () => {
  const result = await run(async (id, parts) => {
    if (id === 'call-4') return 'INTERNAL';
    parts.effect('hello-2', id, 'effect');
    return 'OK';
  });
  expect(result).toMatchObject({ ok: 19, okWithoutEffect: 0 });
  expect(shortfalls(result)).toEqual(['1 calls failed']);
});
