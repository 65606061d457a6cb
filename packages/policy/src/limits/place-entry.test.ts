import type { Places } from '@micromesh/core';
import { FakeClock } from '@micromesh/core/testing';
import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { concurrencyLimit, limitsOf, methodAt } from '../testing/limits.js';
import { PlaceCounter } from './place-counter.js';
import { PlaceEntry, type PlaceRefusal } from './place-entry.js';

let clock: FakeClock;
beforeEach(() => {
  clock = new FakeClock();
});

function countersOf(...specs: readonly string[]): readonly PlaceCounter[] {
  const text = specs
    .map((spec, index) => concurrencyLimit(`limit-${index}`, `host: hello, ${spec}`))
    .join('');
  return limitsOf(text).concurrency.map((rule) => new PlaceCounter(rule));
}

class Call {
  readonly entry: PlaceEntry;
  state: 'in' | 'waits' | 'refused' | 'left' = 'waits';
  refusal: PlaceRefusal | undefined;
  told = 0;

  constructor(counters: readonly PlaceCounter[], path = '/h.H/A', onIn: (call: Call) => void = () => {}) {
    this.entry = new PlaceEntry(counters, methodAt(path), clock);
    const end = (refusal: PlaceRefusal | undefined) => {
      this.told++;
      this.refusal = refusal;
      this.state = refusal === undefined ? 'in' : 'refused';
      if (refusal === undefined) onIn(this);
    };
    const state = this.entry.enter(end);
    if (state !== 'waits') end(state === 'entered' ? undefined : state);
  }

  leave(): void {
    if (this.state !== 'refused') this.state = 'left';
    this.entry.leave();
  }
}

function states(calls: readonly Call[]) {
  return calls.map(({ state }) => state);
}

describe('the places of a concurrency limit', () => {
  it('are taken, then waited for in the order of coming, then refused', () => {
    const counters = countersOf('maxConcurrent: 1, maxQueued: 2');
    const calls = [1, 2, 3, 4].map(() => new Call(counters));
    expect(states(calls)).toEqual(['in', 'waits', 'waits', 'refused']);
    expect(calls[3]?.refusal).toMatchObject({
      cause: 'full',
      rule: { resource: 'ConcurrencyLimit limit-0' },
    });
    expect(calls[1]?.entry.waitsFor).toBe('ConcurrencyLimit limit-0');
    calls[0]?.leave();
    expect(states(calls)).toEqual(['left', 'in', 'waits', 'refused']);
    expect(calls[1]?.entry.waitsFor).toBe('');
    calls[1]?.leave();
    calls[2]?.leave();
    expect(clock.pendingTimers).toBe(0);
    expect(states([new Call(counters)])).toEqual(['in']);
  });

  it('are waited for so long and no longer', async () => {
    const counters = countersOf('maxConcurrent: 1, maxQueued: 2, queueTimeout: 200ms');
    const first = new Call(counters);
    const second = new Call(counters);
    await clock.advance(100);
    const third = new Call(counters);
    await clock.advance(100);
    expect(states([second, third])).toEqual(['refused', 'waits']);
    expect(second.refusal?.cause).toBe('timeout');
    first.leave();
    expect(third.state).toBe('in');
    await clock.advance(1000);
    expect(third.state).toBe('in');
    expect(clock.pendingTimers).toBe(0);
  });

  it('are of each method where it says so', () => {
    const counters = countersOf('maxConcurrent: 1, perMethod: true');
    const calls = ['/h.H/A', '/h.H/B', '/h.H/A'].map((path) => new Call(counters, path));
    expect(states(calls)).toEqual(['in', 'in', 'refused']);
  });

  it('are left once, however often a call leaves', () => {
    const counters = countersOf('maxConcurrent: 1, maxQueued: 1');
    const [first, second] = [new Call(counters), new Call(counters)];
    first.leave();
    first.leave();
    second.leave();
    second.leave();
    expect(states([new Call(counters), new Call(counters)])).toEqual(['in', 'waits']);
  });
});

describe('the places of several concurrency limits', () => {
  it('are all needed: a call that is refused one keeps none', () => {
    const counters = countersOf('maxConcurrent: 2', 'maxConcurrent: 1, methods: [/h.H/A]');
    const [narrow, wide] = counters;
    if (narrow === undefined || wide === undefined) throw new Error('two limits');
    const first = new Call(counters);
    const refused = new Call(counters);
    expect(states([first, refused])).toEqual(['in', 'refused']);
    expect(states([new Call([wide]), new Call([wide])])).toEqual(['in', 'refused']);
    const blocked = new Call(counters);
    expect(blocked.state).toBe('refused');
    first.leave();
    expect(new Call(counters).state).toBe('in');
  });

  it('are waited for one after the other; a call that leaves frees those that it has', async () => {
    const counters = countersOf(
      'maxConcurrent: 1, maxQueued: 2, queueTimeout: 300ms',
      'maxConcurrent: 2, maxQueued: 2, queueTimeout: 300ms',
    );
    const [narrow, wide] = counters;
    if (narrow === undefined || wide === undefined) throw new Error('two limits');
    const others = [new Call([wide]), new Call([wide])];
    const call = new Call(counters);
    const next = new Call(counters);
    expect([call.entry.waitsFor, next.entry.waitsFor]).toEqual([
      'ConcurrencyLimit limit-1',
      'ConcurrencyLimit limit-0',
    ]);
    call.leave();
    expect(next.entry.waitsFor).toBe('ConcurrencyLimit limit-1');
    others[0]?.leave();
    expect(next.state).toBe('in');
    const late = new Call([wide]);
    await clock.advance(300);
    expect(late.refusal?.cause).toBe('timeout');
    expect(clock.pendingTimers).toBe(0);
  });

  it('are left together: who gets the place that one waits for finds the others as well', () => {
    const counters = countersOf('maxConcurrent: 1, maxQueued: 1, methods: [/h.H/A]', 'maxConcurrent: 2');
    const [narrow, wide] = counters;
    if (narrow === undefined || wide === undefined) throw new Error('two limits');
    const first = new Call(counters);
    const second = new Call(counters);
    const other = new Call([wide]);
    expect(states([first, second, other])).toEqual(['in', 'waits', 'in']);
    first.leave();
    expect(second.state).toBe('in');
  });

  it('may refuse a long line at once', () => {
    const counters = countersOf('maxConcurrent: 1, maxQueued: 20000, methods: [/h.H/A]', 'maxConcurrent: 2');
    const [narrow, wide] = counters;
    if (narrow === undefined || wide === undefined) throw new Error('two limits');
    const first = new Call([narrow]);
    const line = Array.from({ length: 20_000 }, () => new Call(counters));
    const others = [new Call([wide]), new Call([wide])];
    expect(states(others)).toEqual(['in', 'in']);
    first.leave();
    expect(new Set(states(line))).toEqual(new Set(['refused']));
    expect(narrow.placesOf(methodAt('/h.H/A')).taken).toBe(0);
    expect(clock.pendingTimers).toBe(0);
  });
});

describe('whatever calls do', () => {
  const STEP = fc.oneof(
    { weight: 5, arbitrary: fc.record({ do: fc.constant('come' as const), which: fc.nat(2) }) },
    { weight: 4, arbitrary: fc.record({ do: fc.constant('leave' as const), which: fc.nat(20) }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('wait' as const), which: fc.nat(300) }) },
  );
  const LIMIT = fc.record({
    max: fc.integer({ min: 1, max: 3 }),
    queue: fc.nat(3),
    timeoutMs: fc.integer({ min: 1, max: 400 }),
  });

  it('no more are at work than each limit says, nobody overtakes, each is told once, and every place comes back', async () => {
    await fc.assert(
      fc.asyncProperty(LIMIT, LIMIT, fc.array(STEP, { maxLength: 60 }), async (one, other, steps) => {
        clock = new FakeClock();
        const [a, b] = countersOf(
          ...[one, other].map(
            ({ max, queue, timeoutMs }) =>
              `maxConcurrent: ${max}, maxQueued: ${queue}${queue === 0 ? '' : `, queueTimeout: ${timeoutMs}ms`}`,
          ),
        );
        if (a === undefined || b === undefined) throw new Error('two limits');
        // Calls of one kind pass the same limits in the same order.
        const kinds = [[a], [b], [a, b]];
        const calls: { call: Call; kind: number }[] = [];
        const entered: Call[] = [];
        for (const { do: what, which } of steps) {
          if (what === 'come') {
            const call = new Call(kinds[which] ?? [], '/h.H/A', (each) => entered.push(each));
            calls.push({ call, kind: which });
          } else if (what === 'wait') await clock.advance(which);
          else {
            const open = calls.filter(({ call }) => call.state === 'in' || call.state === 'waits');
            open[which % Math.max(1, open.length)]?.call.leave();
          }
          const limits: readonly (readonly [PlaceCounter, readonly number[]])[] = [
            [a, [0, 2]],
            [b, [1, 2]],
          ];
          for (const [counter, others] of limits) {
            const atWork = calls.filter(
              ({ call, kind }) => others.includes(kind) && call.state === 'in',
            ).length;
            const places: Places = counter.placesOf(methodAt('/h.H/A'));
            expect(atWork).toBeLessThanOrEqual(counter.rule.maxConcurrent.value);
            expect(places.taken).toBeGreaterThanOrEqual(atWork);
            expect(places.waiting).toBeLessThanOrEqual(counter.rule.maxQueued.value);
            if (places.waiting > 0) expect(places.taken).toBe(places.max);
          }
        }
        for (const kind of [0, 1, 2]) {
          const came = calls.filter((each) => each.kind === kind).map(({ call }) => call);
          const order = entered.filter((call) => came.includes(call)).map((call) => came.indexOf(call));
          expect(order).toEqual([...order].sort((x, y) => x - y));
        }
        expect(calls.every(({ call }) => call.told <= 1)).toBe(true);
        for (const { call } of calls) call.leave();
        for (const counter of [a, b]) {
          const { taken, waiting } = counter.placesOf(methodAt('/h.H/A'));
          expect({ taken, waiting }).toEqual({ taken: 0, waiting: 0 });
        }
        expect(clock.pendingTimers).toBe(0);
      }),
      { numRuns: 150 },
    );
  });
});
