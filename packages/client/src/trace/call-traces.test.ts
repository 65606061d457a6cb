import { Metadata, status } from '@grpc/grpc-js';
import { type CallTrace, describeOrigin, events } from '@micromesh/core';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { TestWorld, testNode } from '../testing/index.js';
import { helloRules, helloSubsets, TestPolicies } from '../testing/test-policies.js';

let unsubscribe = () => {};
afterEach(() => {
  unsubscribe();
  unsubscribe = () => {};
});

/** Listens to published traces until the end of the test. */
function published(): CallTrace[] {
  const traces: CallTrace[] = [];
  unsubscribe = events.trace.subscribe((trace) => traces.push(trace));
  return traces;
}

function told(traces: readonly CallTrace[]): CallTrace {
  const [trace] = traces;
  if (trace === undefined || traces.length > 1) throw new Error(`${traces.length} traces`);
  return trace;
}

describe('the trace of a call', () => {
  it('says what was decided and whose word it was, each attempt with its candidates, and the outcome', async () => {
    const rules = helloRules(
      '{ name: canary, match: [{ headers: { x-user: { exact: anna } } }], timeout: 2s, retries: { attempts: 3, retryOn: unavailable }, route: [{ destination: { host: hello, subset: v1 }, weight: 100 }] }',
    );
    const traffic = 'trafficPolicy: { outlierDetection: { consecutive5xxErrors: 3 } }';
    const subsets = helloSubsets('1').replace('host: hello', `host: hello, ${traffic}`);
    const policies = new TestPolicies(rules + subsets);
    const world = new TestWorld(1, { policies, defaults: { waitForReady: true } });
    const versions = { a: '1', b: '1', c: '2' };
    world.registry.show(
      { name: 'hello' },
      Object.entries(versions).map(([id, version]) => testNode(id, { version })),
    );
    await world.clock.settle();
    world.transport.node('a').script = () => ({ kind: 'status', code: status.UNAVAILABLE });
    const metadata = new Metadata();
    metadata.set('x-user', 'anna');
    // With this key the ring gives `a` first.
    const traces: CallTrace[] = [];
    for (const hashKey of ['k1', 'k2', 'k3', 'k4', 'k5', 'k6']) {
      const trace = (each: CallTrace) => traces.push(each);
      await world.call(world.caller({ retries: 2 }), { metadata, hashKey, trace }).outcome;
    }
    const trace = traces.find(({ attempts }) => attempts.length === 2);
    if (trace === undefined) throw new Error('no call was tried again');
    expect(trace).toMatchObject({
      service: { name: 'hello' },
      method: '/hello.v1.Hello/Anything',
      route: {
        version: 'v1',
        rule: { name: 'canary', resource: 'VirtualService hello', path: 'spec.http[0]', file: 'test.yaml' },
        destination: { service: { name: 'hello' }, subset: 'v1', ratio: 1 },
        traffic: { outlierDetection: { resource: 'DestinationRule hello', line: 12 }, tls: undefined },
      },
      attempts: [
        {
          attempt: 1,
          nodeId: 'a',
          address: 'unix:/a',
          startedMs: 0,
          ended: { code: status.UNAVAILABLE, origin: 'remote', delivery: 'answered', reason: 'none' },
        },
        { attempt: 2, nodeId: 'b', ended: { code: status.OK } },
      ],
      outcome: { code: status.OK, reason: 'none' },
    });
    // `c` is no node of the subset.
    expect(trace.attempts.map(({ candidates }) => candidates.map(({ id, tried }) => [id, tried]))).toEqual([
      [
        ['a', false],
        ['b', false],
      ],
      [
        ['a', true],
        ['b', false],
      ],
    ]);
    expect(trace.attempts[0]?.candidates[0]).toMatchObject({
      version: '1',
      standing: 'healthy',
      cause: '',
      inFlight: 0,
    });
    const { plan } = trace;
    const shown = Object.fromEntries(
      Object.entries(plan ?? {}).map(([name, { value, from }]) => [name, [value, from.map(describeOrigin)]]),
    );
    expect(shown).toMatchObject({
      timeoutMs: [2000, ['VirtualService hello spec.http[0].timeout (test.yaml:7)']],
      retries: [2, ["the client's option"]],
      retry: ['unavailable', ['VirtualService hello spec.http[0].retries.retryOn (test.yaml:7)']],
      waitForReady: [true, ["the mesh's defaults"]],
      filter: [{ version: '1', labels: {} }, ['DestinationRule hello spec.subsets[0] (test.yaml:12)']],
      hashKey: [expect.any(String), ["the call's option"]],
      idempotent: [false, ["micromesh's default"]],
      strategy: ['hash-random', ["micromesh's default"]],
    });
  });

  it('is told of calls that never had a plan, too', async () => {
    const world = new TestWorld(1, {
      policies: new TestPolicies(helloRules('{ directResponse: { status: 503 } }')),
    });
    await world.nodes('a');
    const traces: CallTrace[] = [];
    await world.call(world.caller(), { trace: (each) => traces.push(each) }).outcome;
    expect(told(traces)).toMatchObject({
      plan: undefined,
      attempts: [],
      outcome: { code: status.UNAVAILABLE, reason: 'route' },
    });
    const caller = world.caller();
    world.room.close();
    await world.call(caller, { trace: (each) => traces.push(each) }).outcome;
    expect(traces[1]).toMatchObject({ plan: undefined, outcome: { reason: 'closed' } });
  });

  it('is no reason for its call to fail', async () => {
    const world = new TestWorld();
    await world.nodes('a');
    const warned = vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
    const { outcome } = world.call(world.caller(), {
      trace() {
        throw new Error('no room');
      },
    });
    expect((await outcome).code).toBe(status.OK);
    expect(warned).toHaveBeenCalledWith('the option trace of a call threw: no room', expect.anything());
    warned.mockRestore();
  });

  it('is published of a share of the calls, where somebody listens', async () => {
    const traces = published();
    const world = new TestWorld(1, { traceRatio: 0.25 });
    await world.nodes('a');
    const caller = world.caller();
    for (let n = 0; n < 1000; n++) await world.call(caller).outcome;
    // 250 expected; 3.29 standard deviations of 13.7.
    expect(Math.abs(traces.length - 250)).toBeLessThan(46);
    expect(traces[0]).toMatchObject({ route: undefined, attempts: [{ nodeId: 'a' }], outcome: { code: 0 } });
  });

  it('of a call that asks for it is told to that call alone, unless it is taken for a sample as well', async () => {
    const traces = published();
    for (const [traceRatio, expected] of [
      [0, 0],
      [1, 1],
    ]) {
      const world = new TestWorld(1, { traceRatio: traceRatio ?? 0 });
      await world.nodes('a');
      const own: CallTrace[] = [];
      await world.call(world.caller(), { trace: (each) => own.push(each) }).outcome;
      expect([own.length, traces.length]).toEqual([1, expected]);
    }
  });

  it('costs a call that nobody asks about no draw and no notes', async () => {
    const draws = vi.fn(() => 0.5);
    const world = new TestWorld(1, { traceRatio: 1, random: draws });
    await world.nodes('a');
    const before = draws.mock.calls.length;
    const { call, outcome } = world.call(world.caller());
    await outcome;
    expect(call.notes).toBeUndefined();
    expect(draws.mock.calls.length).toBe(before);
  });
});
