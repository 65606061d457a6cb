import { seededRandom } from '@micromesh/core';
import { FakeClock } from '@micromesh/core/testing';
import { MemoryKeyValueStore, MemoryKeyValues } from '@micromesh/registry';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { IdempotencyStore, IdempotencyVerdict } from './idempotency-store.js';
import { keyValueIdempotencyStore } from './key-value-idempotency-store.js';
import { memoryIdempotencyStore } from './memory-idempotency-store.js';
import { DelayedKeyValues } from './testing/delayed-key-values.js';
import { SwitchedKeyValues } from './testing/switched-key-values.js';

const NODES = 3;

interface Attempt {
  readonly kind: 'attempt';
  readonly node: number;
  readonly body: 'body' | 'other';
  readonly workMs: number;
  readonly succeeds: boolean;
}

interface Fault {
  readonly kind: 'fault';
  readonly node: number;
  readonly fault: 'kill' | 'fail' | 'loseAnswers' | 'mend';
}

interface Passing {
  readonly kind: 'time';
  readonly ms: number;
}

type Step = Attempt | Fault | Passing;

const attempt = fc.record({
  kind: fc.constant('attempt' as const),
  node: fc.nat(NODES - 1),
  body: fc.constantFrom('body' as const, 'body' as const, 'body' as const, 'other' as const),
  workMs: fc.oneof(fc.nat(50), fc.nat(8_000)),
  succeeds: fc.boolean(),
});
const time = fc.record({ kind: fc.constant('time' as const), ms: fc.oneof(fc.nat(30), fc.nat(6_000)) });
const fault = fc.record({
  kind: fc.constant('fault' as const),
  node: fc.nat(NODES - 1),
  fault: fc.constantFrom('kill' as const, 'fail' as const, 'loseAnswers' as const, 'mend' as const),
});

/** A service of several nodes to which one key is sent again and again; it records what has run. */
class Service {
  readonly clock = new FakeClock();
  readonly stores: IdempotencyStore[];
  readonly lines: readonly SwitchedKeyValues[];
  readonly dead = new Set<number>();
  /** Node of each handler that is running. */
  readonly running: number[] = [];
  /** The body of each handler that ran to its good end. */
  readonly effects: string[] = [];
  readonly problems: string[] = [];
  open = 0;

  constructor(kind: 'memory' | 'keyValues', seed: number) {
    const random = seededRandom(seed);
    const values = new MemoryKeyValues();
    this.lines = Array.from(
      { length: NODES },
      () =>
        new SwitchedKeyValues(
          new DelayedKeyValues(new MemoryKeyValueStore(values), this.clock, () => random() * 20),
        ),
    );
    const memory = memoryIdempotencyStore({ clock: this.clock });
    this.stores = this.lines.map((line) =>
      kind === 'memory' ? memory : keyValueIdempotencyStore(line, { clock: this.clock, random }),
    );
  }

  async run(steps: readonly Step[]): Promise<void> {
    for (const step of steps) {
      if (step.kind === 'time') await this.clock.advance(step.ms);
      else if (step.kind === 'attempt') this.#begin(step);
      else this.#fault(step);
    }
    for (const [node, line] of this.lines.entries()) if (!this.dead.has(node)) line.mend();
    await this.clock.advance(60_000);
  }

  #begin(step: Attempt): void {
    const store = this.stores[step.node];
    if (store === undefined || this.dead.has(step.node)) return;
    this.open += 1;
    const keyed = { key: 'k', service: 's', body: step.body, onLostOwner: 'refuse' as const };
    store
      .begin(keyed, new AbortController().signal)
      .then(
        (verdict) => this.#judge(step, verdict),
        () => {},
      )
      .then(() => {
        this.open -= 1;
      }, this.#complain);
  }

  readonly #complain = (error: unknown) => {
    this.problems.push(String(error));
  };

  async #judge(step: Attempt, verdict: IdempotencyVerdict): Promise<void> {
    if (this.dead.has(step.node)) return;
    if (verdict.kind === 'answered') {
      if (verdict.answer.response.toString() !== step.body) this.problems.push('the answer to another body');
      if (!this.effects.includes(step.body)) this.problems.push('an answer to what has not run');
    }
    if (verdict.kind !== 'run') return;
    if (this.running.length > 0) this.problems.push('two at a time');
    if (this.effects.length > 0) this.problems.push('run again');
    this.running.push(step.node);
    await new Promise<void>((resolve) => this.clock.setTimer(step.workMs, resolve));
    if (this.dead.has(step.node)) return;
    this.running.splice(this.running.indexOf(step.node), 1);
    if (step.succeeds) this.effects.push(step.body);
    const answer = { response: Buffer.from(step.body), header: [], trailer: [] };
    await (step.succeeds ? verdict.claim.complete(answer) : verdict.claim.release());
  }

  #fault({ node, fault: what }: Fault): void {
    const line = this.lines[node];
    if (line === undefined || this.dead.has(node)) return;
    switch (what) {
      case 'kill':
        this.dead.add(node);
        line.cut();
        // Nobody can know how a handler of a dead node ended; here it had no effect, and must not run again all the same.
        if (this.running.includes(node)) {
          this.effects.push('unknown');
          this.running.splice(this.running.indexOf(node), 1);
        }
        return;
      case 'fail':
        line.fail();
        return;
      case 'loseAnswers':
        line.loseAnswers();
        return;
      default:
        line.mend();
    }
  }

  async close(): Promise<void> {
    const closing = Promise.all(this.stores.map((store) => store.close()));
    await this.clock.advance(1_000);
    await closing;
  }
}

describe('whatever happens to the attempts of one call', () => {
  it.each(['memory', 'keyValues'] as const)(
    'it runs at most once, and every attempt is told something (%s)',
    async (kind) => {
      await fc.assert(
        fc.asyncProperty(
          fc.array(fc.oneof(attempt, time), { minLength: 2, maxLength: 14 }),
          fc.integer(),
          async (steps, seed) => {
            const service = new Service(kind, seed);
            await service.run(steps);
            expect(service.problems).toEqual([]);
            expect(service.effects.length).toBeLessThanOrEqual(1);
            expect(service.open).toBe(0);
            await service.close();
            expect(service.clock.pendingTimers).toBe(0);
          },
        ),
        { numRuns: 40 },
      );
    },
    60_000,
  );

  it('it runs at most once while nodes die, and lose and find the store', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.oneof({ arbitrary: attempt, weight: 3 }, time, fault), { minLength: 3, maxLength: 16 }),
        fc.integer(),
        async (steps, seed) => {
          const service = new Service('keyValues', seed);
          await service.run(steps);
          expect(service.problems).toEqual([]);
          expect(service.effects.length).toBeLessThanOrEqual(1);
          await service.close();
        },
      ),
      { numRuns: 60 },
    );
  }, 60_000);

  it('bounds hold: never more keys than maxEntries, nor more bytes than maxBytes', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({ key: fc.nat(12), bytes: fc.nat(900), end: fc.boolean() }), { maxLength: 40 }),
        async (calls) => {
          const clock = new FakeClock();
          const values = new MemoryKeyValueStore();
          const limits = { maxEntries: 5, maxBytes: 3_000 };
          const store = keyValueIdempotencyStore(values, { clock, random: () => 0.5, ...limits });
          for (const { key, bytes, end } of calls) {
            const keyed = { key: `k${key}`, service: 's', body: 'b', onLostOwner: 'refuse' as const };
            const abort = new AbortController();
            const begun = store.begin(keyed, abort.signal).catch(() => undefined);
            await clock.advance(100);
            abort.abort();
            const verdict = await begun;
            if (verdict?.kind === 'run' && end) {
              await verdict.claim.complete({ response: Buffer.alloc(bytes), header: [], trailer: [] });
            }
            await clock.settle();
            const held = await values.list('');
            expect(held.length).toBeLessThanOrEqual(5);
            const answers = held.filter(({ value }) => value.includes('"done"'));
            const total = answers.reduce((sum, { value }) => sum + 256 + responseBytes(value), 0);
            expect(total).toBeLessThanOrEqual(3_000);
          }
          await store.close();
        },
      ),
      { numRuns: 30 },
    );
  }, 60_000);
});

function responseBytes(record: string): number {
  const { state }: { state: { answer: { response: string } } } = JSON.parse(record);
  return Buffer.from(state.answer.response, 'base64').length;
}
