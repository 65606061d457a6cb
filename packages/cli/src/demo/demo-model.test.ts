import type { AttemptEvent } from '@micromesh/core';
import { FakeClock } from '@micromesh/core/testing';
import { describe, expect, test } from 'vitest';
import { DemoModel } from './demo-model.js';

const HELLO = { name: 'hello' };
const METHOD = '/hello.v1.Hello/Anything';

function attempt(nodeId: string, number: number, more: Partial<AttemptEvent> = {}) {
  return {
    kind: 'attempt' as const,
    event: {
      ...{ service: HELLO, method: METHOD, nodeId, address: '127.0.0.1:1', attempt: number },
      ...{ code: 0, details: '', origin: 'remote', delivery: 'answered', reason: 'none', durationMs: 50 },
      ...more,
    } satisfies AttemptEvent,
  };
}

function call(attempts: number, name = 'hello') {
  const service = { name };
  return {
    kind: 'call' as const,
    event: { service, method: METHOD, code: 0, reason: 'none' as const, attempts, durationMs: 50 },
  };
}

const dropped = { code: 14, delivery: 'unknown', reason: 'dropped', durationMs: 23.4 } as const;

describe('DemoModel', () => {
  test('shows nodes by their key, with what the demo did and what the caller sees', () => {
    const model = new DemoModel(new FakeClock());
    model.node(2, { id: 'hello-b', address: '127.0.0.1:2', pid: 22, process: 'frozen' });
    model.node(1, { id: 'hello-a', address: '127.0.0.1:1', pid: 11, process: 'running' });
    const { nodeId, address } = { nodeId: 'hello-b', address: '127.0.0.1:2' };
    model.reported({
      kind: 'node',
      event: { service: HELLO, nodeId, address, state: 'down', cause: 'silent' },
    });
    model.reported(attempt('hello-a', 1));
    expect(model.view().nodes).toEqual([
      {
        slot: 1,
        id: 'hello-a',
        address: '127.0.0.1:1',
        pid: 11,
        process: 'running',
        seen: undefined,
        cause: '',
        answered: 1,
      },
      {
        slot: 2,
        id: 'hello-b',
        address,
        pid: 22,
        process: 'frozen',
        seen: 'down',
        cause: 'silent',
        answered: 0,
      },
    ]);
  });

  test("counts the demo's own calls, and retries of calls to hello only", () => {
    const model = new DemoModel(new FakeClock());
    for (const id of ['c1', 'c2', 'c3']) model.callStarted(id);
    model.callEnded('c1', true);
    model.callEnded('c2', false);
    model.reported(call(2));
    model.reported(call(1));
    model.reported(call(2, 'user'));
    expect(model.view()).toMatchObject({ calls: 2, failed: 1, inFlight: 1, retried: 1 });
  });

  test('counts effects of its own calls, and calls with more than one; those of others apart', () => {
    const model = new DemoModel(new FakeClock());
    for (const id of ['c1', 'c2']) model.callStarted(id);
    for (const id of ['c1', 'c2', 'c2', 'c2', 'curl']) {
      model.effect({ at: 1, node: 'hello-a', call: id, event: 'start' });
      model.effect({ at: 2, node: 'hello-a', call: id, event: 'effect' });
    }
    model.callEnded('c2', true);
    expect(model.view()).toMatchObject({ executions: 3, executedTwice: 1, executionsOfOthers: 1 });
  });

  test('tells of a failover: who failed and how, who answered', () => {
    const model = new DemoModel(new FakeClock(1_000));
    model.reported(attempt('hello-a', 1, dropped));
    model.reported(attempt('hello-b', 2));
    expect(model.view().failovers).toEqual([
      { at: 1_000, text: 'hello-a dropped after 23 ms → hello-b answered in 50 ms' },
    ]);
  });

  test('tells of no failover where a call ends with its first attempt, or nobody failed before', () => {
    const model = new DemoModel(new FakeClock());
    model.reported(attempt('hello-a', 1, dropped));
    model.reported(attempt('hello-a', 1, { ...dropped, reason: 'cancelled' }));
    model.reported(attempt('hello-b', 3));
    expect(model.view().failovers).toEqual([]);
  });

  test('keeps the last five failovers, the newest first', () => {
    const model = new DemoModel(new FakeClock());
    for (let index = 1; index <= 7; index++) {
      model.reported(attempt(`hello-${index}`, 1, dropped));
      model.reported(attempt('hello-b', 2));
    }
    const failed = model.view().failovers.map(({ text }) => text.slice(0, 7));
    expect(failed).toEqual(['hello-7', 'hello-6', 'hello-5', 'hello-4', 'hello-3']);
  });
});
