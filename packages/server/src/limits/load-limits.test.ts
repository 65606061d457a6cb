import { status } from '@grpc/grpc-js';
import { events, type Method, type ShedEvent, seededRandom } from '@micromesh/core';
import { FakeClock } from '@micromesh/core/testing';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ReplyStatus } from '../reply-status.js';
import { type Admission, type Applicant, LoadLimits } from './load-limits.js';
import type { ServerLimits } from './server-limits.js';

const METHOD: Method = { path: '/h.H/A', service: 'h.H', name: 'A', kind: 'unary', idempotency: 'unknown' };

class Call implements Applicant {
  readonly method = METHOD;
  held: Admission | undefined;
  state: 'waiting' | 'admitted' | 'shed' = 'waiting';
  reply: ReplyStatus | undefined;

  admitted() {
    this.state = 'admitted';
  }

  shed(reply: ReplyStatus) {
    this.state = 'shed';
    this.reply = reply;
    this.held?.leave();
  }

  get pushBackMs(): number {
    return Number(this.reply?.metadata.get('grpc-retry-pushback-ms')[0]);
  }
}

let clock: FakeClock;
let shed: ShedEvent[];
let off: () => void;

beforeEach(() => {
  clock = new FakeClock();
  shed = [];
  off = events.shed.subscribe((event) => shed.push(event));
});
afterEach(() => off());

function limitsOf(settings: ServerLimits, random = () => 0): LoadLimits {
  const limits = new LoadLimits(settings, { service: { name: 'hello' }, clock, random });
  limits.start();
  return limits;
}

function apply(limits: LoadLimits): Call {
  const call = new Call();
  limits.apply(call);
  return call;
}

describe('a limit of calls at a time', () => {
  it('sheds the next at once, with words, push-back and an event', () => {
    const limits = limitsOf({ maxConcurrentCalls: 2 });
    expect([apply(limits).state, apply(limits).state]).toEqual(['admitted', 'admitted']);
    const { state, reply, pushBackMs } = apply(limits);
    expect(state).toBe('shed');
    expect(reply).toMatchObject({
      code: status.RESOURCE_EXHAUSTED,
      details:
        'hello has too much to do: 2 calls are under way (limits.maxConcurrentCalls), and none may wait',
    });
    expect(pushBackMs).toBe(50);
    expect(shed).toEqual([{ service: { name: 'hello' }, method: '/h.H/A', cause: 'concurrency' }]);
  });

  it('gives the place of a call that has ended to the first who waits, after a turn of the event loop', async () => {
    const limits = limitsOf({ maxConcurrentCalls: 1, queue: 2 });
    const [first, second, third, fourth] = [apply(limits), apply(limits), apply(limits), apply(limits)];
    expect([second, third, fourth].map(({ state }) => state)).toEqual(['waiting', 'waiting', 'shed']);
    expect(fourth?.reply?.details).toContain('and 2 wait (limits.queue)');
    first?.held?.leave();
    expect(second?.state).toBe('waiting');
    await clock.settle();
    expect([second?.state, third?.state]).toEqual(['admitted', 'waiting']);
    expect(limits.load).toEqual({ atWork: 1, waiting: 1 });
  });

  it('sheds who has waited for long enough, and lets nobody in who has left', async () => {
    const limits = limitsOf({ maxConcurrentCalls: 1, queue: 3, queueTimeoutMs: 100 });
    const first = apply(limits);
    const gone = apply(limits);
    gone.held?.leave();
    const late = apply(limits);
    await clock.advance(100);
    expect(late.state).toBe('shed');
    expect(late.reply?.details).toContain('none ended within 100 ms (limits.queueTimeoutMs)');
    expect(shed.map(({ cause }) => cause)).toEqual(['queueTimeout']);
    const next = apply(limits);
    const leaves = apply(limits);
    first.held?.leave();
    // The place is its own already, and the turn of the event loop has not been taken.
    next.held?.leave();
    await clock.settle();
    expect([gone.state, next.state, leaves.state]).toEqual(['waiting', 'waiting', 'admitted']);
    leaves.held?.leave();
    leaves.held?.leave();
    expect(limits.load).toEqual({ atWork: 0, waiting: 0 });
    expect(clock.pendingTimers).toBe(0);
  });

  it('tells to come back when there may be room, by the rate at which calls end', async () => {
    const limits = limitsOf({ maxConcurrentCalls: 1, queue: 3 }, () => 0.5);
    let call = apply(limits);
    for (let round = 0; round < 100; round++) {
      await clock.advance(40);
      call.held?.leave();
      call = apply(limits);
    }
    for (let waiting = 0; waiting < 3; waiting++) apply(limits);
    // Three who wait and itself, 40 ms each, and a tenth more by chance; the next has one more before it.
    expect(apply(limits).pushBackMs).toBeCloseTo(1.1 * 4 * 40, -1);
    expect(apply(limits).pushBackMs).toBeCloseTo(1.1 * 5 * 40, -1);
    // Nothing has ended for so long that nobody knows.
    await clock.advance(990);
    apply(limits);
    expect(apply(limits).pushBackMs).toBeGreaterThan(1900);
  });
});

describe('a limit of the delay of the event loop', () => {
  it('sheds while the event loop is late, and not before or after', async () => {
    const limits = limitsOf({ maxEventLoopDelayMs: 50 });
    expect(apply(limits).state).toBe('admitted');
    clock.standStill(300);
    const { state, reply, pushBackMs } = apply(limits);
    expect(state).toBe('shed');
    expect(reply?.details).toBe('hello has too much to do: its event loop is 84 ms late');
    expect(pushBackMs).toBe(84);
    expect(shed.map(({ cause }) => cause)).toEqual(['eventLoop']);
    await clock.advance(200);
    expect(apply(limits).state).toBe('admitted');
    limits.stop();
    expect(clock.pendingTimers).toBe(0);
  });
});

describe('whatever calls do', () => {
  it('no more are at work or wait than the limits say, push-back is within its bounds, and every place comes back', async () => {
    const step = fc.oneof(
      { weight: 4, arbitrary: fc.constant({ do: 'apply' as const }) },
      { weight: 3, arbitrary: fc.record({ do: fc.constant('leave' as const), which: fc.nat(10) }) },
      {
        weight: 1,
        arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.integer({ min: 1, max: 300 }) }),
      },
      {
        weight: 1,
        arbitrary: fc.record({ do: fc.constant('stall' as const), ms: fc.integer({ min: 1, max: 400 }) }),
      },
    );
    await fc.assert(
      fc.asyncProperty(
        fc.record({
          maxConcurrentCalls: fc.integer({ min: 1, max: 4 }),
          queue: fc.integer({ min: 0, max: 3 }),
          queueTimeoutMs: fc.integer({ min: 1, max: 500 }),
          maxEventLoopDelayMs: fc.integer({ min: 10, max: 200 }),
        }),
        fc.array(step, { maxLength: 50 }),
        fc.integer(),
        async (settings, steps, seed) => {
          clock = new FakeClock();
          const limits = limitsOf(settings, seededRandom(seed));
          const calls: Call[] = [];
          const left = new Set<Call>();
          const open = () => calls.filter((call) => call.state !== 'shed' && !left.has(call));
          for (const each of steps) {
            if (each.do === 'apply') calls.push(apply(limits));
            else if (each.do === 'wait') await clock.advance(each.ms);
            else if (each.do === 'stall') clock.standStill(each.ms);
            else {
              const call = open()[each.which % Math.max(1, open().length)];
              if (call === undefined) continue;
              left.add(call);
              call.held?.leave();
            }
            const atWork = open().filter(({ state }) => state === 'admitted').length;
            expect(limits.load.atWork).toBe(atWork);
            expect(atWork).toBeLessThanOrEqual(settings.maxConcurrentCalls);
            expect(limits.load.waiting).toBeLessThanOrEqual(settings.queue);
          }
          for (const { pushBackMs } of calls.filter(({ state }) => state === 'shed')) {
            expect(Number.isInteger(pushBackMs)).toBe(true);
            expect(pushBackMs).toBeGreaterThanOrEqual(50);
            expect(pushBackMs).toBeLessThanOrEqual(5000);
          }
          await clock.advance(1000);
          for (const call of open()) {
            left.add(call);
            call.held?.leave();
          }
          await clock.settle();
          for (const call of open()) call.held?.leave();
          await clock.settle();
          expect(limits.load).toEqual({ atWork: 0, waiting: 0 });
          const again = Array.from({ length: settings.maxConcurrentCalls }, () => apply(limits));
          expect(again.map(({ state }) => state)).toEqual(again.map(() => 'admitted'));
          limits.stop();
          expect(clock.pendingTimers).toBe(0);
        },
      ),
      { numRuns: 200 },
    );
  });
});
