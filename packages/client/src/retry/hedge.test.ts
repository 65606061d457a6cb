import { status } from '@grpc/grpc-js';
import { type AttemptEvent, events, type HedgeEvent, type RetryStopEvent } from '@micromesh/core';
import { describe, expect, it } from 'vitest';
import type { ClientRoomParts, ClientSettings } from '../client-room.js';
import { type ScriptedReply, TestWorld } from '../testing/index.js';

function answer(text: string, afterMs: number): () => ScriptedReply {
  return () => ({ kind: 'answer', messages: [Buffer.from(text)], afterMs });
}

/** A world whose first node takes its time, and whose others are fast. */
async function world(settings: ClientSettings = {}, parts: Partial<ClientRoomParts> = {}) {
  const made = new TestWorld(1, parts);
  await made.nodes('a', 'b', 'c');
  made.transport.node('a').script = answer('a', 400);
  for (const id of ['b', 'c']) made.transport.node(id).script = answer(id, 20);
  const caller = made.caller({
    strategy: 'round-robin',
    idempotent: true,
    hedge: { afterMs: 30 },
    ...settings,
  });
  return { world: made, caller };
}

async function listening<T>(
  work: (heard: { hedges: HedgeEvent[]; stops: string[]; attempts: AttemptEvent[] }) => Promise<T>,
) {
  const hedges: HedgeEvent[] = [];
  const stops: RetryStopEvent['cause'][] = [];
  const attempts: AttemptEvent[] = [];
  const off = [
    events.hedge.subscribe((event) => hedges.push(event)),
    events.retryStop.subscribe(({ cause }) => stops.push(cause)),
    events.attempt.subscribe((event) => attempts.push(event)),
  ];
  try {
    return await work({ hedges, stops, attempts });
  } finally {
    for (const each of off) each();
  }
}

describe('a hedged call', () => {
  it('spends no attempt on a node that has died of what keeps the first, and is not known to have', async () => {
    const { world: made, caller } = await world({ retries: 1 });
    for (const id of ['a', 'b']) made.transport.node(id).freeze();
    const { outcome, messages } = made.call(caller);
    await made.clock.advance(30);
    expect(made.transport.questions).toBe(1);
    await made.clock.advance(400);
    expect((await outcome).code).toBe(status.OK);
    expect(messages.map(String)).toEqual(['c']);
    expect(made.path).toEqual(['a', 'c']);
  });

  it('starts on another node after its delay, and the first success wins', async () => {
    await listening(async ({ hedges, attempts }) => {
      const { world: made, caller } = await world();
      const { outcome, messages } = made.call(caller);
      await made.clock.advance(29);
      expect(made.path).toEqual(['a']);
      await made.clock.advance(1);
      expect(made.path).toEqual(['a', 'b']);
      await made.clock.advance(20);
      expect((await outcome).code).toBe(status.OK);
      expect(messages.map(String)).toEqual(['b']);
      expect(made.clock.now()).toBe(50);
      expect(hedges).toEqual([
        { service: { name: 'hello' }, method: '/hello.v1.Hello/Anything', attempt: 2, cause: 'hedge' },
      ]);
      // The loser is cancelled on the wire, and marks nobody.
      expect(made.transport.attempts[0]?.cancelled).toBe(true);
      expect(attempts.map(({ nodeId, reason }) => [nodeId, reason])).toEqual(
        expect.arrayContaining([
          ['a', 'superseded'],
          ['b', 'none'],
        ]),
      );
      const [service] = made.room.services;
      for (const handle of service?.nodes.handles ?? []) {
        expect(handle.counts(made.clock.now()).failures).toBe(0);
        expect(handle.inFlight).toBe(0);
        expect(handle.standing).toBe('healthy');
      }
      // It is load that nobody had to have.
      expect(service?.budget.available).toBeCloseTo(100.2 - 1);
    });
  });

  it('leaves the calls that fail their retries, however many are slow', async () => {
    const { world: made, caller } = await world({ retries: 2, strategy: 'random' });
    const nodes = ['a', 'b', 'c'];
    for (const id of nodes) made.transport.node(id).script = answer(id, 400);
    const slow = Array.from({ length: 150 }, () => made.call(caller));
    await made.clock.advance(300);
    expect(made.path.length).toBeGreaterThan(150);
    made.transport.node('a').script = () => ({ kind: 'status', code: status.INTERNAL });
    const failing = Array.from({ length: 90 }, () => made.call(caller, { idempotent: false }));
    await made.clock.advance(1000);
    for (const { outcome } of [...slow, ...failing]) expect((await outcome).code).toBe(status.OK);
  });

  it('may be won by the attempt that was first', async () => {
    const { world: made, caller } = await world();
    made.transport.node('a').script = answer('a', 40);
    const { outcome, messages } = made.call(caller);
    await made.clock.advance(40);
    expect((await outcome).code).toBe(status.OK);
    expect(messages.map(String)).toEqual(['a']);
    expect(made.transport.attempts[1]?.cancelled).toBe(true);
  });

  it('is not decided by a failure that is worth a retry, but is by an answer that is none', async () => {
    for (const [code, expected] of [
      [status.UNAVAILABLE, status.OK],
      [status.NOT_FOUND, status.NOT_FOUND],
    ] as const) {
      const { world: made, caller } = await world();
      made.transport.node('b').script = () => ({ kind: 'status', code });
      const { outcome } = made.call(caller);
      await made.clock.advance(400);
      expect((await outcome).code).toBe(expected);
    }
  });

  it('starts as many as `retries` allow, each after the delay', async () => {
    const { world: made, caller } = await world({ retries: 2 });
    for (const id of ['a', 'b', 'c']) made.transport.node(id).script = () => ({ kind: 'silence' });
    made.call(caller, { timeoutMs: 10_000 });
    await made.clock.advance(59);
    expect(made.path).toEqual(['a', 'b']);
    await made.clock.advance(1);
    expect(made.path).toEqual(['a', 'b', 'c']);
    await made.clock.advance(100);
    expect(made.path).toHaveLength(3);
    made.room.close();
  });

  it('shares `retries` with failures: what has failed is not hedged beyond them', async () => {
    const { world: made, caller } = await world({ retries: 1 });
    made.transport.node('a').script = () => ({ kind: 'status', code: status.INTERNAL });
    made.transport.node('b').script = answer('b', 100);
    const { outcome } = made.call(caller);
    await made.clock.advance(100);
    expect((await outcome).code).toBe(status.OK);
    expect(made.path).toEqual(['a', 'b']);
  });

  it('goes on without the hedge where the budget has none, and says so', async () => {
    await listening(async ({ hedges, stops }) => {
      const { world: made, caller } = await world({}, { budget: { ratio: 0, perSecond: 0 } });
      const { outcome } = made.call(caller, { timeoutMs: 1000 });
      await made.clock.advance(400);
      expect((await outcome).code).toBe(status.OK);
      expect(made.path).toEqual(['a']);
      expect(stops).toEqual(['budget']);
      expect(hedges).toEqual([]);
    });
  });

  it('still gets company at the end of its share where the hedge could not be had', async () => {
    const { world: made, caller } = await world();
    const [b, c] = [made.transport.node('b'), made.transport.node('c')];
    made.transport.node('a').script = () => ({ kind: 'silence' });
    b.goDown();
    c.goDown();
    const { outcome } = made.call(caller, { timeoutMs: 1000 });
    await made.clock.advance(100);
    b.comeBack();
    await made.clock.advance(399);
    expect(made.path).toEqual(['a']);
    await made.clock.advance(21);
    expect((await outcome).code).toBe(status.OK);
    expect(made.path).toEqual(['a', 'b']);
  });

  it('is hedged as well where it has no deadline, or each attempt a limit of its own', async () => {
    for (const options of [{ timeoutMs: Number.POSITIVE_INFINITY }, { attemptTimeoutMs: 300 }]) {
      const { world: made, caller } = await world();
      const { outcome } = made.call(caller, options);
      await made.clock.advance(50);
      expect((await outcome).code).toBe(status.OK);
      expect(made.clock.now()).toBe(50);
    }
  });

  it('is none where the method is not idempotent, streams, or may not be retried', async () => {
    for (const [options, kind] of [
      [{ idempotent: false }, 'unary'],
      [{}, 'serverStream'],
      [{}, 'clientStream'],
      [{}, 'unknown'],
      [{ retries: 0 }, 'unary'],
      [{ hedge: false }, 'unary'],
    ] as const) {
      const { world: made, caller } = await world();
      const { outcome } = made.call(caller, options, kind);
      await made.clock.advance(400);
      expect((await outcome).code).toBe(status.OK);
      expect(made.path).toEqual(['a']);
    }
  });
});

describe('a call that is hedged at a percentile', () => {
  const AT_P95 = { hedge: { atPercentile: 0.95 } } as const;

  async function worldThatKnows(answers: number) {
    const made = await world(AT_P95);
    for (const id of ['a', 'b', 'c']) made.world.transport.node(id).script = answer(id, 100);
    for (let index = 0; index < answers; index++) made.world.call(made.caller);
    await made.world.clock.advance(100);
    made.world.transport.attempts.length = 0;
    return made;
  }

  it('starts the hedge when it is slower than that share of the answers lately', async () => {
    const { world: made, caller } = await worldThatKnows(20);
    for (const id of ['a', 'b', 'c']) made.transport.node(id).script = () => ({ kind: 'silence' });
    made.call(caller, { timeoutMs: 1000 });
    await made.clock.advance(99);
    expect(made.path).toHaveLength(1);
    await made.clock.advance(10);
    expect(made.path).toHaveLength(2);
    made.room.close();
  });

  it('is not hedged where fewer than twenty answers are known', async () => {
    const { world: made, caller } = await worldThatKnows(19);
    for (const id of ['a', 'b', 'c']) made.transport.node(id).script = () => ({ kind: 'silence' });
    made.call(caller, { timeoutMs: 1000 });
    await made.clock.advance(499);
    expect(made.path).toHaveLength(1);
    made.room.close();
  });

  it('does not hedge ever earlier: an attempt that was overtaken counts for the time that it had', async () => {
    const { world: made, caller } = await world(AT_P95, { budget: { ratio: 1, perSecond: 100 } });
    let sent = 0;
    // A tenth of the answers takes 100 to 1000 ms: the 95th percentile lies in the middle of those.
    const script = () => {
      const turn = sent++;
      return answer('x', turn % 10 === 0 ? 100 + 10 * (turn % 100) : 50)();
    };
    for (const id of ['a', 'b', 'c']) made.transport.node(id).script = script;
    let hedges = 0;
    const off = events.hedge.subscribe(() => hedges++);
    for (let calls = 0; calls < 3000; calls++) {
      made.call(caller);
      await made.clock.advance(25);
    }
    off();
    expect(hedges / 3000).toBeGreaterThan(0.03);
    expect(hedges / 3000).toBeLessThan(0.07);
  });
});
