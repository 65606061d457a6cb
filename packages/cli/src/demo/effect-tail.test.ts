import { appendFileSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FakeClock } from '@micromesh/core/testing';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { EffectTail } from './effect-tail.js';

let folder: string;
let file: string;
let clock: FakeClock;
let calls: string[];
let tail: EffectTail;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'micromesh-tail-test-'));
  file = join(folder, 'effects.jsonl');
  clock = new FakeClock();
  calls = [];
  tail = new EffectTail(file, clock, ({ call }) => calls.push(call));
});
afterEach(() => {
  tail.close();
  rmSync(folder, { recursive: true });
});

function line(call: string, padding = ''): string {
  return `${JSON.stringify({ at: 1, node: 'a', call, event: 'effect', padding })}\n`;
}

describe('EffectTail', () => {
  test('reads lines as they come', async () => {
    appendFileSync(file, line('c1'));
    await clock.advance(200);
    appendFileSync(file, line('c2') + line('c3'));
    tail.read();
    expect(calls).toEqual(['c1', 'c2', 'c3']);
  });

  test('waits for the end of a line, and passes over one that is torn', async () => {
    appendFileSync(file, line('c1').slice(0, 20));
    await clock.advance(200);
    appendFileSync(file, line('c1').slice(20));
    appendFileSync(file, `{"at":1,\n${line('c2')}`);
    await clock.advance(200);
    expect(calls).toEqual(['c1', 'c2']);
  });

  test('empties a file that has grown large, and goes on with what is appended', async () => {
    const padding = 'x'.repeat(1024 * 1024);
    for (let index = 0; index < 5; index++) appendFileSync(file, line(`large-${index}`, padding));
    await clock.advance(200);
    expect(statSync(file).size).toBe(0);
    appendFileSync(file, line('after'));
    await clock.advance(200);
    expect(calls).toEqual(['large-0', 'large-1', 'large-2', 'large-3', 'large-4', 'after']);
  });

  test('leaves no timer behind', () => {
    const other = new EffectTail(join(folder, 'other'), new FakeClock(), () => {});
    other.close();
    expect(clock.pendingTimers).toBe(1);
  });
});
