import { Metadata, status } from '@grpc/grpc-js';
import { runInCallContext } from '@micromesh/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { AttemptRecord } from '../call/attempt-record.js';
import type { AttemptInterceptor } from '../chain/chain.js';
import { type ScriptedReply, type TestCall, TestWorld } from '../testing/index.js';
import type { HedgeSetting } from './hedge-setting.js';
import { type RetryFunction, retryAlways, retryNever, retryOnError, retrySafely } from './retry-function.js';

const IDS = ['a', 'b', 'c', 'd'];
const PUSH_BACKS = ['0', '40', '900', '-1', 'soon'];
const BUDGET = { ratio: 0.2, perSecond: 0.05, windowMs: 60_000 };
const { signal: PARENT_SIGNAL } = new AbortController();

const afterMs = fc.integer({ min: 0, max: 700 });

const reply: fc.Arbitrary<ScriptedReply> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('answer' as const),
      messages: fc.constant([Buffer.from('x')]),
      afterMs,
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('status' as const),
      code: fc.constantFrom(2, 4, 5, 8, 13, 14),
      details: fc.oneof(
        { weight: 3, arbitrary: fc.constant('scripted') },
        { weight: 1, arbitrary: fc.constantFrom(...PUSH_BACKS.map((text) => `push back ${text}`)) },
      ),
      afterMs,
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('drop' as const), afterMs }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'refuse' as const }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'silence' as const }) },
);

const hedge: fc.Arbitrary<HedgeSetting> = fc.oneof(
  fc.constant(false as const),
  fc.record({ afterMs: fc.integer({ min: 0, max: 300 }) }),
  fc.record({ atPercentile: fc.constantFrom(0.5, 0.95) }),
);

/** By name, so that a counterexample tells which. */
const POLICIES: Readonly<Record<string, RetryFunction>> = {
  retryOnError,
  retryAlways,
  retryNever,
  retrySafely,
};

const callStep = fc.record({
  do: fc.constant('call' as const),
  idempotent: fc.boolean(),
  retries: fc.integer({ min: 0, max: 3 }),
  timeoutMs: fc.integer({ min: 20, max: 2000 }),
  cancelAfterMs: fc.option(fc.integer({ min: 0, max: 500 })),
  policy: fc.constantFrom(...Object.keys(POLICIES)),
  hedge,
  servesRetry: fc.boolean(),
});
type CallStep = typeof callStep extends fc.Arbitrary<infer T> ? T : never;

const step = fc.oneof(
  { weight: 6, arbitrary: callStep },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constantFrom('goDown' as const, 'comeBack' as const, 'freeze' as const, 'thaw' as const),
      node: fc.constantFrom(...IDS),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.integer({ min: 1, max: 800 }) }),
  },
);

/**
 * The rule for a method that may not run twice: after `answered` or `unknown` there is a further attempt only where the policy says
 * so. `retryOnError`, the default, says so for these codes of a server and these ends of an attempt; `retrySafely` and `retryNever`
 * never do.
 */
function policyRunsTwice(policy: string, { delivery, code, reason, detail }: AttemptRecord): boolean {
  if (policy === 'retryAlways') return true;
  if (policy !== 'retryOnError') return false;
  if (delivery === 'unknown') return ['dropped', 'silent', 'attemptTimeout'].includes(reason);
  if (code === status.RESOURCE_EXHAUSTED) return /^push back \d+$/.test(detail);
  return [status.INTERNAL, status.UNAVAILABLE, status.DEADLINE_EXCEEDED].includes(code);
}

/** Turns the words of a scripted status into the trailer. */
const withPushBack: AttemptInterceptor = (next) => async (attempt) => {
  const outcome = await next(attempt);
  const text = /^push back (.+)$/.exec(outcome.details)?.[1];
  if (text === undefined) return outcome;
  const trailers = new Metadata();
  trailers.set('grpc-retry-pushback-ms', text);
  return { ...outcome, trailers };
};

interface Made extends TestCall {
  readonly step: CallStep;
  readonly deadline: number;
}

/** One run of a schedule. What is wrong at the start of an attempt is noted there and then. */
class Run {
  readonly world: TestWorld;
  readonly violations: string[] = [];
  readonly made: Made[] = [];
  readonly #caller;

  constructor(replies: readonly ScriptedReply[], seed: number) {
    this.world = new TestWorld(seed, { budget: BUDGET });
    let next = 0;
    for (const id of IDS) {
      this.world.transport.node(id).script = () => replies[next++ % replies.length] ?? { kind: 'silence' };
    }
    this.#caller = this.world.caller({ interceptors: { attempt: [this.#onStart, withPushBack] } });
  }

  readonly #onStart: AttemptInterceptor = (next) => (attempt) => {
    const { call, nodeId } = attempt;
    const note = (what: string) => this.violations.push(`attempt ${attempt.attempt} on ${nodeId}: ${what}`);
    const now = this.world.clock.now();
    if (now >= call.deadline) note('after the deadline');
    if (call.options.signal?.aborted) note('after the cancellation');
    if (call.winner !== undefined) note('after an answer');
    const before = call.tried.slice(0, -1);
    if (before.includes(nodeId)) {
      const eligible = [...call.to.nodes.handles].filter(
        ({ node, standing }) =>
          ['healthy', 'suspect', 'ejected'].includes(standing) && !before.includes(node.id),
      );
      if (eligible.length > 0) note(`a second time, while ${eligible.map(({ node }) => node.id)} was left`);
    }
    const last = call.records.at(-1);
    if (!call.plan.idempotent && attempt.attempt > 1) {
      if (call.running > 1) note('beside another, of a method that may not run twice');
      const policy = call.plan.retry.name;
      if (last === undefined || (last.delivery !== 'unsent' && !policyRunsTwice(policy, last))) {
        note(`after ${JSON.stringify(last)} by ${policy}, of a method that may not run twice`);
      }
    }
    return next(attempt);
  };

  call(step: CallStep): void {
    const { clock } = this.world;
    const { idempotent, retries, timeoutMs, cancelAfterMs, policy, hedge, servesRetry } = step;
    const controller = new AbortController();
    const { signal } = controller;
    const retry = POLICIES[policy] ?? retryNever;
    const options = { idempotent, retries, timeoutMs, retry, hedge, signal };
    const context = {
      deadline: Number.POSITIVE_INFINITY,
      signal: PARENT_SIGNAL,
      attempt: servesRetry ? 2 : 1,
    };
    const deadline = clock.now() + timeoutMs;
    const test = runInCallContext(context, () => this.world.call(this.#caller, options));
    this.made.push({ ...test, step, deadline });
    if (cancelAfterMs !== null) clock.setTimer(cancelAfterMs, () => controller.abort());
  }
}

const schedule = [
  fc.array(reply, { minLength: 1, maxLength: 12 }),
  fc.array(step, { minLength: 1, maxLength: 25 }),
  fc.integer(),
  fc.boolean(),
] as const;

async function runOf(
  replies: readonly ScriptedReply[],
  steps: readonly (typeof step extends fc.Arbitrary<infer T> ? T : never)[],
  seed: number,
  isWarm: boolean,
): Promise<Run> {
  const run = new Run(replies, seed);
  const { world } = run;
  await world.nodes(...IDS);
  if (isWarm) await warmUp(world);
  for (const each of steps) {
    if (each.do === 'call') run.call(each);
    else if (each.do === 'wait') await world.clock.advance(each.ms);
    else world.transport.node(each.node)[each.do]();
  }
  await world.clock.advance(5000);
  return run;
}

/** So many answers that the method's times count. */
async function warmUp(world: TestWorld): Promise<void> {
  const scripts = IDS.map((id) => world.transport.node(id).script);
  for (const id of IDS) {
    const messages = [Buffer.from('x')];
    world.transport.node(id).script = () => ({ kind: 'answer', messages, afterMs: 60 });
  }
  const caller = world.caller();
  for (let index = 0; index < 25; index++) world.call(caller, { retries: 0 });
  await world.clock.advance(60);
  for (const [index, id] of IDS.entries()) {
    const script = scripts[index];
    if (script !== undefined) world.transport.node(id).script = script;
  }
}

describe('whatever nodes do, callers ask, and servers push back', () => {
  it('no attempt begins that may not', async () => {
    await fc.assert(
      fc.asyncProperty(...schedule, async (...given) => {
        const run = await runOf(...given);
        expect(run.violations).toEqual([]);
        run.world.room.close();
      }),
      { numRuns: 150 },
    );
  });

  it('no call has more attempts than it may, and each ends by its deadline', async () => {
    await fc.assert(
      fc.asyncProperty(...schedule, async (...given) => {
        const run = await runOf(...given);
        for (const { call, step, deadline } of run.made) {
          const retries = step.servesRetry ? 0 : step.retries;
          expect(call.attempts - call.unsentMoves).toBeLessThanOrEqual(retries + 1);
          expect(call.unsentMoves).toBeLessThan(IDS.length);
          expect(run.world.clock.now()).toBeGreaterThan(deadline);
          expect(call.running).toBe(0);
        }
        run.world.room.close();
      }),
      { numRuns: 100 },
    );
  });

  it('hedges and retries stay within the budget; what brought an answer in place of a failure is given back', async () => {
    await fc.assert(
      fc.asyncProperty(...schedule, async (replies, steps, seed, _isWarm) => {
        const run = await runOf(replies, steps, seed, false);
        let extras = 0;
        let givenBack = 0;
        for (const { call, outcome } of run.made) {
          extras += Math.max(0, call.attempts - call.unsentMoves - 1);
          if ((await outcome).code === status.OK && call.paidRetries > 0) givenBack++;
        }
        const allowed = BUDGET.ratio * run.made.length + (BUDGET.perSecond * BUDGET.windowMs) / 1000;
        expect(extras - givenBack).toBeLessThanOrEqual(allowed);
        const left = run.world.room.services[0]?.budget.available ?? Number.NaN;
        expect(left).toBeCloseTo(allowed - (extras - givenBack));
        run.world.room.close();
      }),
      { numRuns: 300 },
    );
  });

  it('counts of calls in flight return to 0, and no timer is left', async () => {
    await fc.assert(
      fc.asyncProperty(...schedule, async (...given) => {
        const { world } = await runOf(...given);
        for (const { nodes } of world.room.services) {
          for (const handle of nodes.handles) expect(handle.inFlight).toBe(0);
        }
        world.room.close();
        expect(world.clock.pendingTimers).toBe(0);
      }),
      { numRuns: 100 },
    );
  });

  it('a cancelled call leaves nothing running, whenever it is cancelled', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(reply, { minLength: 1, maxLength: 4 }),
        callStep,
        fc.integer({ min: 0, max: 1500 }),
        async (replies, step, cancelAfterMs) => {
          const run = new Run(replies, 1);
          const { world } = run;
          await world.nodes(...IDS);
          run.call({ ...step, timeoutMs: 2000, cancelAfterMs });
          const [made] = run.made;
          await world.clock.advance(cancelAfterMs);
          const ended = await made?.outcome;
          expect(ended).toBeDefined();
          expect(made?.call.running).toBe(0);
          const sent = world.transport.attempts.length;
          await world.clock.advance(5000);
          expect(world.transport.attempts).toHaveLength(sent);
          if (ended?.reason === 'cancelled') {
            const ends = made?.call.records.map(({ reason }) => reason) ?? [];
            const open = world.transport.attempts.filter(({ cancelled }) => !cancelled);
            expect(open.length).toBeLessThanOrEqual(ends.filter((reason) => reason !== 'cancelled').length);
          }
          world.room.close();
          expect(world.clock.pendingTimers).toBe(0);
        },
      ),
      { numRuns: 150 },
    );
  });
});
