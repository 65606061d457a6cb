import { status } from '@grpc/grpc-js';
import { createAbortController, type Outcome, runInCallContext } from '@micromesh/core';
import { describe, expect, it } from 'vitest';
import type { CallOptions } from '../call/call-options.js';
import type { LimitSettings } from '../limits/limit-settings.js';
import { type ScriptedReply, type TestCall, TestWorld } from '../testing/index.js';

const SILENCE: ScriptedReply = { kind: 'silence' };
const UNAVAILABLE: ScriptedReply = { kind: 'status', code: status.UNAVAILABLE };
const later = (afterMs: number): ScriptedReply => ({ kind: 'answer', messages: [Buffer.from('x')], afterMs });

async function worldOf(...replies: ScriptedReply[]): Promise<TestWorld> {
  const world = new TestWorld();
  await world.nodes('a');
  let next = 0;
  world.transport.node('a').script = () => replies[Math.min(next++, replies.length - 1)] ?? SILENCE;
  return world;
}

function stateOf(world: TestWorld): string {
  return world.room.breakers.of('hello', 'Anything').state;
}

describe('a circuit breaker', () => {
  const settings = { retries: 0, breaker: { consecutiveFailures: 1, openMs: 1000 } };

  it('refuses at once and finally, without an attempt, and tries again after its time', async () => {
    const world = await worldOf(UNAVAILABLE, later(0));
    const caller = world.caller({ ...settings, retries: 3, retry: () => false });
    await world.call(caller).outcome;
    const { call, outcome } = world.call(caller);
    expect(await outcome).toMatchObject({
      code: status.UNAVAILABLE,
      reason: 'breakerOpen',
      origin: 'local',
      delivery: 'unsent',
    });
    expect((await outcome).details).toMatch(
      /^the circuit breaker of hello \/hello.v1.Hello\/Anything is open for another \d+ ms \(breaker.openMs\): a call failed \(breaker.consecutiveFailures\), the last with UNAVAILABLE: scripted$/,
    );
    expect(call.attempts).toBe(0);
    await world.clock.advance(1100);
    expect((await world.call(caller).outcome).code).toBe(status.OK);
    expect(stateOf(world)).toBe('closed');
    expect(world.path).toEqual(['a', 'a']);
  });

  it('sees what a call comes to after its retries', async () => {
    const world = await worldOf(UNAVAILABLE, later(0));
    const caller = world.caller({ ...settings, retries: 1 });
    const { call, outcome } = world.call(caller);
    await world.clock.advance(3000);
    expect((await outcome).code).toBe(status.OK);
    expect(call.attempts).toBe(2);
    expect(stateOf(world)).toBe('closed');
  });

  it.each<[string, string, ScriptedReply[], CallOptions]>([
    ['open', 'an answer that is worth a retry', [{ kind: 'status', code: status.INTERNAL }], {}],
    ['open', 'a connection that breaks', [{ kind: 'drop' }], {}],
    ['open', 'a deadline that the caller asked for', [SILENCE], { timeoutMs: 200 }],
    ['open', "a deadline that was the client's", [SILENCE], {}],
    ['closed', 'business codes', [{ kind: 'status', code: status.NOT_FOUND }], {}],
    ['closed', 'a server that has too much to do', [{ kind: 'status', code: status.RESOURCE_EXHAUSTED }], {}],
    ['closed', 'a filter that no node matches', [later(0)], { filter: { version: '7' } }],
    ['closed', 'a cancellation', [SILENCE], { signal: AbortSignal.abort() }],
  ])('is %s after %s', async (state, _what, replies, options) => {
    const world = await worldOf(...replies);
    const breaker = { consecutiveFailures: 1, openMs: 60_000 };
    const { outcome } = world.call(world.caller({ retries: 0, breaker }), options);
    await world.clock.advance(10);
    if (replies[0] === SILENCE) await world.clock.advance(6000);
    expect((await outcome).code).not.toBe(status.OK);
    expect(stateOf(world)).toBe(state);
  });

  it('does not count that the call of a busy handler had little time left', async () => {
    const world = await worldOf(SILENCE);
    const { signal } = createAbortController();
    const { outcome } = runInCallContext({ deadline: 80, signal, attempt: 1 }, () =>
      world.call(world.caller(settings)),
    );
    await world.clock.advance(80);
    expect((await outcome).reason).toBe('deadline');
    expect(stateOf(world)).toBe('closed');
  });

  it('opens where there are nodes and none can be reached', async () => {
    const world = await worldOf(later(0));
    world.transport.node('a').goDown();
    const caller = world.caller({ ...settings, breaker: { consecutiveFailures: 1, openMs: 60_000 } });
    const { outcome } = world.call(caller);
    await world.clock.advance(5000);
    expect((await outcome).reason).toBe('noNode');
    expect(stateOf(world)).toBe('open');
  });

  it('is opened and closed by hand, for clients with a breaker', async () => {
    const world = await worldOf(later(0));
    const caller = world.caller({ breaker: {} });
    world.room.breakers.of('hello', 'Anything').open('ann: migration');
    expect((await world.call(caller).outcome).details).toContain('is held open by hand: ann: migration');
    expect((await world.call(world.caller()).outcome).code).toBe(status.OK);
    world.room.breakers.of('hello', 'Anything').auto();
    expect((await world.call(caller).outcome).code).toBe(status.OK);
  });
});

describe('a limit of calls at a time', () => {
  async function busy(concurrency: NonNullable<LimitSettings['concurrency']>, reply = later(100)) {
    const world = await worldOf(reply);
    const caller = world.caller({ concurrency });
    return { world, caller, call: (options?: CallOptions) => world.call(caller, options) };
  }

  it('refuses further ones at once, and says what, how many, and by which option', async () => {
    const { world, call } = await busy({ max: 1 });
    const first = call();
    const second = call();
    expect(await second.outcome).toMatchObject({
      code: status.RESOURCE_EXHAUSTED,
      reason: 'concurrency',
      delivery: 'unsent',
      details: '1 call of hello is under way (concurrency.max), and none may wait (concurrency.queue)',
    });
    await world.clock.advance(100);
    expect((await first.outcome).code).toBe(status.OK);
    const third = call();
    await world.clock.advance(100);
    expect((await third.outcome).code).toBe(status.OK);
  });

  it('lets as many wait as its line holds, first come, first served', async () => {
    const { world, call } = await busy({ max: 1, queue: 2 });
    const ends: string[] = [];
    const watch = (name: string, { outcome }: TestCall) =>
      void outcome.then(({ code }) => ends.push(`${name} ${code} ${world.clock.now()}`));
    for (const name of ['a', 'b', 'c', 'd']) watch(name, call());
    await world.clock.advance(400);
    expect(ends).toEqual([`d ${status.RESOURCE_EXHAUSTED} 0`, 'a 0 100', 'b 0 200', 'c 0 300']);
    expect(world.clock.pendingTimers).toBe(0);
  });

  it('is left at once by a call in the line that is cancelled, whose deadline passes, or that waits too long', async () => {
    const { world, call } = await busy({ max: 1, queue: 4, queueTimeoutMs: 50 });
    const controller = new AbortController();
    call();
    const cancelled = call({ signal: controller.signal });
    const late = call({ timeoutMs: 20 });
    const patient = call();
    await world.clock.advance(10);
    controller.abort();
    expect((await cancelled.outcome).code).toBe(status.CANCELLED);
    expect(world.clock.now()).toBe(10);
    await world.clock.advance(10);
    expect(await late.outcome).toMatchObject({ code: status.DEADLINE_EXCEEDED, reason: 'concurrency' });
    expect((await late.outcome).details).toContain('1 call of hello is under way (concurrency.max)');
    await world.clock.advance(30);
    expect((await patient.outcome).details).toBe(
      '1 call of hello is under way (concurrency.max); none ended within 50 ms (concurrency.queueTimeoutMs)',
    );
    await world.clock.advance(1000);
    expect(world.transport.attempts.length).toBe(1);
  });

  it('gets its place back from a call that is cancelled in the instant that it gets one', async () => {
    for (let turns = 0; turns < 30; turns++) {
      const { world, call } = await busy({ max: 1, queue: 1 });
      const [first, second] = [new AbortController(), new AbortController()];
      const calls = [call({ signal: first.signal }), call({ signal: second.signal })];
      await world.clock.settle();
      first.abort();
      for (let turn = 0; turn < turns; turn++) await Promise.resolve();
      second.abort();
      for (const { outcome } of calls) expect((await outcome).code).toBe(status.CANCELLED);
      const { outcome } = call();
      await world.clock.advance(100);
      expect((await outcome).code).toBe(status.OK);
    }
  });

  it('is shared by the clients of a service that say the same', async () => {
    const { world, call } = await busy({ max: 1 });
    const first = call();
    const others = [{ concurrency: { max: 1 } }, { concurrency: { max: 2 } }, {}];
    const ends: Promise<Outcome>[] = others.map((settings) => world.call(world.caller(settings)).outcome);
    await world.clock.advance(100);
    expect((await first.outcome).code).toBe(status.OK);
    const codes = (await Promise.all(ends)).map(({ code }) => code);
    expect(codes).toEqual([status.RESOURCE_EXHAUSTED, status.OK, status.OK]);
  });

  it('lets no call out of the line behind a breaker that has opened meanwhile', async () => {
    const world = await worldOf({ ...UNAVAILABLE, afterMs: 100 }, later(0));
    const caller = world.caller({
      retries: 0,
      breaker: { consecutiveFailures: 1 },
      concurrency: { max: 1, queue: 1 },
    });
    const first = world.call(caller);
    const second = world.call(caller);
    await world.clock.advance(100);
    expect((await first.outcome).code).toBe(status.UNAVAILABLE);
    expect((await second.outcome).reason).toBe('breakerOpen');
    expect(world.path).toEqual(['a']);
  });
});
