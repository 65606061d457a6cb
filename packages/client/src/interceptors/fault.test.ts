import { Metadata, status } from '@grpc/grpc-js';
import { events } from '@micromesh/core';
import { describe, expect, it } from 'vitest';
import { TestWorld } from '../testing/index.js';
import { helloRules, TestPolicies } from '../testing/test-policies.js';
import { isWithin } from '../testing/test-shares.js';

const TO_HELLO = 'route: [{ destination: { host: hello } }]';
const DELAY = (ms: number, percent = 100) =>
  `delay: { fixedDelay: ${ms}ms, percentage: { value: ${percent} } }`;
const ABORT = (percent = 100, as = 'grpcStatus: UNAVAILABLE') =>
  `abort: { ${as}, percentage: { value: ${percent} } }`;

async function worldWith(fault: string, { annotations = '', seed = 1, fields = TO_HELLO } = {}) {
  const rules = helloRules(`{ fault: { ${fault} }, ${fields} }`);
  const text = rules.replace('{ name: hello }', `{ name: hello, annotations: { ${annotations} } }`);
  const world = new TestWorld(seed, { policies: new TestPolicies(text) });
  await world.nodes('a', 'b');
  return world;
}

describe('an abort', () => {
  it('ends the call before anything is sent, with the status that is written', async () => {
    const world = await worldWith(ABORT());
    const { call, outcome } = world.call(world.caller());
    expect(await outcome).toMatchObject({
      code: status.UNAVAILABLE,
      reason: 'fault',
      origin: 'local',
      delivery: 'unsent',
      details: 'VirtualService hello spec.http[0].fault.abort ends the call on purpose',
    });
    expect([call.attempts, world.path]).toEqual([0, []]);
  });

  // Source: gRPC's doc/http-grpc-status-mapping.md, which Envoy's local replies follow.
  it.each([
    [503, status.UNAVAILABLE],
    [429, status.UNAVAILABLE],
    [404, status.UNIMPLEMENTED],
    [403, status.PERMISSION_DENIED],
    [500, status.UNKNOWN],
  ])('with the HTTP status %i ends with the gRPC status %i', async (httpStatus, code) => {
    const world = await worldWith(ABORT(100, `httpStatus: ${httpStatus}`));
    expect((await world.call(world.caller()).outcome).code).toBe(code);
  });

  it('is not retried, costs no budget, marks nobody and says nothing to a breaker', async () => {
    const faulty = `{ match: [{ headers: { x-fault: {} } }], fault: { ${ABORT()} }, ${TO_HELLO}, retries: { attempts: 3, retryOn: unavailable } }`;
    const world = new TestWorld(1, { policies: new TestPolicies(helloRules(faulty, `{ ${TO_HELLO} }`)) });
    await world.nodes('a', 'b');
    const metadata = new Metadata();
    metadata.set('x-fault', 'yes');
    const stops: string[] = [];
    const off = events.retryStop.subscribe(({ cause }) => stops.push(cause));
    const caller = world.caller({ idempotent: true, breaker: { consecutiveFailures: 1 } });
    const { budget, nodes } = caller.parts.to;
    const before = budget.available;
    for (let count = 0; count < 20; count++) {
      expect((await world.call(caller, { metadata }).outcome).reason).toBe('fault');
    }
    off();
    expect([world.path, stops, budget.available]).toEqual([[], [], before]);
    expect([...nodes.handles].map(({ standing }) => standing)).toEqual(['healthy', 'healthy']);
    expect((await world.call(caller).outcome).code).toBe(status.OK);
  });
});

describe('a delay', () => {
  it('holds the call up before it is sent, and its deadline goes on', async () => {
    const world = await worldWith(DELAY(200));
    const { call, outcome } = world.call(world.caller(), { timeoutMs: 1000 });
    await world.clock.advance(199);
    expect(world.path).toEqual([]);
    await world.clock.advance(1);
    expect((await outcome).code).toBe(status.OK);
    expect([world.path.length, call.deadline - call.startedAt]).toEqual([1, 1000]);
  });

  it('is ended by the deadline, which says so', async () => {
    const world = await worldWith(DELAY(2000));
    const { outcome } = world.call(world.caller(), { timeoutMs: 300 });
    await world.clock.advance(300);
    expect(await outcome).toMatchObject({
      code: status.DEADLINE_EXCEEDED,
      reason: 'fault',
      delivery: 'unsent',
      details:
        'Deadline exceeded after 300 ms of waiting for the end of a delay of 2000 ms (VirtualService hello spec.http[0].fault.delay)',
    });
    expect([world.path, world.clock.pendingTimers]).toEqual([[], 0]);
  });

  it('is ended by a cancellation, and by the end of the mesh', async () => {
    const world = await worldWith(DELAY(2000));
    const abort = new AbortController();
    const cancelled = world.call(world.caller(), { signal: abort.signal });
    const closed = world.call(world.caller());
    await world.clock.settle();
    abort.abort();
    expect((await cancelled.outcome).reason).toBe('cancelled');
    world.room.close();
    expect((await closed.outcome).reason).toBe('closed');
    expect([world.path, world.clock.pendingTimers]).toEqual([[], 0]);
  });

  it('comes before an abort, as in Envoy', async () => {
    const world = await worldWith(`${DELAY(200)}, ${ABORT()}`);
    const { call, outcome } = world.call(world.caller());
    await world.clock.advance(200);
    expect((await outcome).reason).toBe('fault');
    expect(world.clock.now() - call.startedAt).toBe(200);
  });
});

describe('of 10,000 calls', () => {
  const CALLS = 10_000;

  it('each fault hits its share, drawn apart', { timeout: 60_000 }, async () => {
    const world = await worldWith(`${DELAY(100, 10)}, ${ABORT(5)}`, { seed: 7 });
    const caller = world.caller();
    const hits = { delayed: 0, aborted: 0, both: 0 };
    for (let made = 0; made < CALLS; made += 500) {
      const calls = Array.from({ length: 500 }, () => world.call(caller));
      const ended = new Set<number>();
      const outcomes = calls.map(({ outcome }, index) =>
        outcome.then((end) => {
          ended.add(index);
          return end;
        }),
      );
      await world.clock.settle();
      const atOnce = new Set(ended);
      await world.clock.advance(100);
      for (const [index, end] of (await Promise.all(outcomes)).entries()) {
        const isAborted = end.reason === 'fault';
        if (!atOnce.has(index)) hits.delayed++;
        if (isAborted) hits.aborted++;
        if (isAborted && !atOnce.has(index)) hits.both++;
        if (!isAborted) expect(end.code).toBe(status.OK);
      }
    }
    expect(hits.delayed).toSatisfy(isWithin(0.1, CALLS));
    expect(hits.aborted).toSatisfy(isWithin(0.05, CALLS));
    expect(hits.both).toSatisfy(isWithin(0.005, CALLS));
    expect(world.path).toHaveLength(CALLS - hits.aborted);
  });
});

describe('a seed', () => {
  it('makes the draws repeatable, whatever else chance brings', async () => {
    const aborted = async (own: string, seed: number) => {
      const world = await worldWith(ABORT(50), { annotations: own, seed });
      const caller = world.caller();
      const ends: boolean[] = [];
      for (let count = 0; count < 100; count++) {
        ends.push((await world.call(caller).outcome).reason === 'fault');
      }
      return ends;
    };
    const once = await aborted('micromesh.io/seed: "1"', 1);
    expect(await aborted('micromesh.io/seed: "1"', 2)).toEqual(once);
    expect(await aborted('micromesh.io/seed: "2"', 1)).not.toEqual(once);
    expect(await aborted('', 1)).not.toEqual(await aborted('', 2));
  });
});
