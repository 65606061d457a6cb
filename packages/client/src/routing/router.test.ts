import { Metadata, status } from '@grpc/grpc-js';
import { describe, expect, it } from 'vitest';
import type { ClientSettings } from '../client-room.js';
import { breakerVerdict } from '../limits/breaker-verdict.js';
import { retryNever, retryOnCodes } from '../retry/retry-function.js';
import { TestWorld, testNode } from '../testing/index.js';
import { helloRules, helloSubsets, TestPolicies } from '../testing/test-policies.js';

const TO_HELLO = 'route: [{ destination: { host: hello } }]';

function worldUnder(text: string, defaults: ClientSettings = {}, seed = 1) {
  const policies = new TestPolicies(text);
  return { policies, world: new TestWorld(seed, { policies, defaults }) };
}

/** What the first call ends with. */
async function endUnder(text: string) {
  const { world } = worldUnder(text);
  await world.nodes('a');
  const outcome = await world.call(world.caller()).outcome;
  expect(world.path).toEqual([]);
  return outcome;
}

/** Nodes `a` and `b` of version 1, `c` of version 2. */
async function withVersions(world: TestWorld): Promise<void> {
  const versions = { a: '1', b: '1', c: '2' };
  world.registry.show(
    { name: 'hello' },
    Object.entries(versions).map(([id, version]) => testNode(id, { version })),
  );
  await world.clock.settle();
}

describe('a rule', () => {
  it('leaves calls alone to services that no resource names', async () => {
    const { world } = worldUnder(helloRules(`{ timeout: 1s, ${TO_HELLO} }`).replaceAll('hello', 'other'));
    await world.nodes('a');
    const { call, outcome } = world.call(world.caller());
    expect((await outcome).code).toBe(status.OK);
    expect(call.plan.timeoutMs).toBe(5000);
  });

  it.each([
    ['says the time where nobody else does', '30s', {}, {}, {}, 30_000],
    ['says it in place of the mesh, which is nobody', '30s', { timeoutMs: 2000 }, {}, {}, 30_000],
    ['bounds the client', '3s', {}, { timeoutMs: 10_000 }, {}, 3000],
    ['leaves a client that has less time', '3s', {}, { timeoutMs: 1000 }, {}, 1000],
    ['bounds the call', '3s', {}, {}, { timeoutMs: 10_000 }, 3000],
    ['leaves a call that has less time', '3s', {}, { timeoutMs: 9000 }, { timeoutMs: 1000 }, 1000],
    ['lets a call say more than its client', '3s', {}, { timeoutMs: 1000 }, { timeoutMs: 2000 }, 2000],
  ])('%s', async (_, timeout, defaults, client, options, expected) => {
    const { world } = worldUnder(helloRules(`{ timeout: ${timeout}, ${TO_HELLO} }`), defaults);
    await world.nodes('a');
    const { call, outcome } = world.call(world.caller(client), options);
    expect(call.deadline - call.startedAt).toBe(expected);
    await outcome;
  });

  it('counts a call for the breaker that had the time that the rule leaves it', async () => {
    const { world } = worldUnder(helloRules(`{ timeout: 1s, ${TO_HELLO} }`));
    await world.nodes('a');
    world.transport.node('a').script = () => ({ kind: 'silence' });
    const { call, outcome } = world.call(world.caller(), { timeoutMs: 10_000 });
    await world.clock.advance(1000);
    expect(breakerVerdict(call, await outcome)).toBe('failed');
  });

  it('bounds no stream, which may be meant to last', async () => {
    const { world } = worldUnder(helloRules(`{ timeout: 1s, ${TO_HELLO} }`));
    await world.nodes('a');
    const { call } = world.call(world.caller(), {}, 'serverStream');
    expect(call.deadline).toBe(Number.POSITIVE_INFINITY);
  });

  it.each([
    ['says how often where nobody else does', {}, {}, {}, 3],
    ['says it in place of the mesh', { retries: 7 }, {}, {}, 3],
    ['cannot be raised by the client', {}, { retries: 7 }, {}, 3],
    ['may be lowered by the client', {}, { retries: 2 }, {}, 2],
    ['may be lowered by the call', {}, { retries: 2 }, { retries: 0 }, 0],
    ['cannot be raised by the call', {}, {}, { retries: 9 }, 3],
  ])('%s a call is tried again', async (_, defaults, client, options, expected) => {
    const rule = `{ retries: { attempts: 3, retryOn: unavailable }, ${TO_HELLO} }`;
    const { world } = worldUnder(helloRules(rule), defaults);
    await world.nodes('a', 'b', 'c', 'd', 'e');
    for (const id of ['a', 'b', 'c', 'd', 'e'])
      world.transport.node(id).script = () => ({ kind: 'status', code: status.UNAVAILABLE });
    const { call, outcome } = world.call(world.caller(client), options);
    await world.clock.advance(4000);
    expect((await outcome).code).toBe(status.UNAVAILABLE);
    expect(call.attempts).toBe(1 + expected);
  });

  it.each([
    ['what the rule names alone, and nothing else', status.INTERNAL, 'unavailable', undefined, 1],
    [
      'what the rule names, where the code is silent',
      status.RESOURCE_EXHAUSTED,
      'resource-exhausted',
      undefined,
      2,
    ],
    ['what both name', status.UNAVAILABLE, 'unavailable', retryOnCodes('UNAVAILABLE'), 2],
    ['what only the rule names, where the code says no', status.UNAVAILABLE, 'unavailable', retryNever, 1],
    ['what only the code names', status.INTERNAL, 'unavailable', retryOnCodes('INTERNAL'), 1],
  ])('tries again %s', async (_, code, retryOn, retry, attempts) => {
    const rule = `{ retries: { attempts: 1, retryOn: ${retryOn} }, ${TO_HELLO} }`;
    const { world } = worldUnder(helloRules(rule));
    await world.nodes('a', 'b');
    for (const id of ['a', 'b']) world.transport.node(id).script = () => ({ kind: 'status', code });
    const { call, outcome } = world.call(world.caller(retry === undefined ? {} : { retry }));
    await world.clock.advance(4000);
    await outcome;
    expect(call.attempts).toBe(attempts);
  });

  it('cuts each attempt after its time, whatever the client says', async () => {
    const rule = `{ retries: { attempts: 1, perTryTimeout: 200ms, retryOn: deadline-exceeded }, ${TO_HELLO} }`;
    const { world } = worldUnder(helloRules(rule));
    await world.nodes('a', 'b');
    for (const id of ['a', 'b']) world.transport.node(id).script = () => ({ kind: 'silence' });
    const { call, outcome } = world.call(world.caller({ attemptTimeoutMs: 3000 }));
    await world.clock.advance(1000);
    expect((await outcome).reason).toBe('attemptTimeout');
    expect(call.records.map(({ reason }) => reason)).toEqual(['attemptTimeout', 'attemptTimeout']);
  });
});

describe('a route', () => {
  const split = (one: number, two: number) =>
    helloRules(
      `{ route: [{ destination: { host: hello, subset: v1 }, weight: ${one} }, { destination: { host: hello, subset: v2 }, weight: ${two} }] }`,
    ) + helloSubsets('1', '2');

  it('shares calls by its weights among subsets', async () => {
    const { world } = worldUnder(split(90, 10));
    await withVersions(world);
    const caller = world.caller();
    const calls = Array.from({ length: 2000 }, () => world.call(caller));
    await world.clock.settle();
    for (const { outcome } of calls) expect((await outcome).code).toBe(status.OK);
    const share = world.path.filter((id) => id === 'c').length / calls.length;
    // The 99.9 % interval of a binomial: 3.29 standard deviations.
    const deviation = 3.29 * Math.sqrt((0.1 * 0.9) / calls.length);
    expect(Math.abs(share - 0.1)).toBeLessThan(deviation);
  });

  it('is that of the first match, by headers too', async () => {
    const toV2 = `{ match: [{ headers: { x-user: { exact: anna } } }], route: [{ destination: { host: hello, subset: v2 } }] }`;
    const toV1 = `{ route: [{ destination: { host: hello, subset: v1 } }] }`;
    const { world } = worldUnder(helloRules(toV2, toV1) + helloSubsets('1', '2'));
    await withVersions(world);
    const caller = world.caller();
    for (const user of ['anna', 'ben']) {
      const metadata = new Metadata();
      metadata.set('x-user', user);
      const { outcome } = world.call(caller, { metadata });
      await world.clock.settle();
      await outcome;
    }
    expect(world.path[0]).toBe('c');
    expect(['a', 'b']).toContain(world.path[1]);
  });

  it('keeps a key on its side while the weights are the same', async () => {
    const { world } = worldUnder(split(50, 50));
    await withVersions(world);
    const caller = world.caller();
    for (const key of ['anna', 'ben', 'carl', 'dora']) {
      const from = world.path.length;
      for (let count = 0; count < 5; count++) world.call(caller, { hashKey: key });
      await world.clock.settle();
      expect(new Set(world.path.slice(from)).size).toBe(1);
    }
  });

  it('may lead to another service', async () => {
    const { world } = worldUnder(helloRules('{ route: [{ destination: { host: other } }] }'));
    world.registry.show({ name: 'other' }, [testNode('x')]);
    await world.nodes('a');
    const { call, outcome } = world.call(world.caller());
    await world.clock.settle();
    expect((await outcome).code).toBe(status.OK);
    expect(world.path).toEqual(['x']);
    expect([call.service.name, call.to.name]).toEqual(['hello', 'other']);
  });

  it('is narrowed by the filter of the code, and says who wants what where that leaves nothing', async () => {
    const { world } = worldUnder(
      helloRules('{ route: [{ destination: { host: hello, subset: v2 } }] }') + helloSubsets('2'),
    );
    await withVersions(world);
    const fits = world.call(world.caller({ filter: { version: '2' } }));
    await world.clock.settle();
    expect((await fits.outcome).code).toBe(status.OK);
    const { outcome } = world.call(world.caller({ filter: { version: '1' } }));
    expect(await outcome).toMatchObject({
      code: status.UNAVAILABLE,
      reason: 'route',
      details:
        "subset v2 (DestinationRule hello) has nodes with version=2, the call's filter wants version=1; loosen the filter or the rule",
    });
  });

  it('ends the call where no rule takes it, and where a rule answers', async () => {
    const match = 'match: [{ headers: { x-user: { exact: anna } } }]';
    expect(await endUnder(helloRules(`{ ${match}, ${TO_HELLO} }`))).toMatchObject({
      code: status.UNIMPLEMENTED,
      reason: 'route',
      details:
        'no rule of VirtualService hello takes the call to hello; add a rule without a match as the last one',
    });
    const answers = '{ directResponse: { status: 503, body: { string: closed today } } }';
    expect(await endUnder(helloRules(answers))).toMatchObject({
      code: status.UNAVAILABLE,
      details: 'closed today',
    });
    expect(await endUnder(helloRules('{ redirect: { uri: /elsewhere } }'))).toMatchObject({
      code: status.UNKNOWN,
      details:
        'VirtualService hello spec.http[0].redirect redirects the call with 301, which gRPC does not follow',
    });
  });
});

describe('a rule that asks for TLS', () => {
  const rule = (mode: string) => `apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: { name: hello }
spec: { host: hello, trafficPolicy: { tls: { mode: ${mode} } } }
---
`;

  it('refuses calls in clear text, be there routes or not', async () => {
    for (const routes of ['', helloRules(`{ ${TO_HELLO} }`)]) {
      expect(await endUnder(rule('SIMPLE') + routes)).toMatchObject({
        code: status.UNAVAILABLE,
        reason: 'route',
        details:
          'DestinationRule hello spec.trafficPolicy.tls asks for TLS (SIMPLE), and connections to hello are in clear text; nothing is sent: take the block out, or set mode: DISABLE',
      });
    }
  });

  it('lets them be where it says that there is none', async () => {
    const { world } = worldUnder(rule('DISABLE'));
    await world.nodes('a');
    expect((await world.call(world.caller()).outcome).code).toBe(status.OK);
  });
});

describe('another version of the policies', () => {
  it('is in force for calls that begin, and not for those that have', async () => {
    const rule = (retries: string) => helloRules(`{ retries: ${retries}, ${TO_HELLO} }`);
    const { world, policies } = worldUnder(rule('{ attempts: 2, retryOn: unavailable }'));
    await world.nodes('a', 'b', 'c');
    for (const id of ['a', 'b', 'c']) {
      world.transport.node(id).script = () => ({ kind: 'status', code: status.UNAVAILABLE, afterMs: 50 });
    }
    const caller = world.caller();
    const before = world.call(caller);
    await world.clock.advance(10);
    policies.set(rule('{ attempts: 0 }'));
    const after = world.call(caller);
    await world.clock.advance(3000);
    await Promise.all([before.outcome, after.outcome]);
    expect([before.call.attempts, after.call.attempts]).toEqual([3, 1]);
  });

  it('is waited for by the first calls, as long as there has been no word', async () => {
    const { world, policies } = worldUnder('');
    let tell = () => {};
    policies.ready = new Promise((resolve) => {
      tell = resolve;
    });
    await world.nodes('a');
    const { outcome } = world.call(world.caller());
    await world.clock.settle();
    expect(world.path).toEqual([]);
    policies.set(helloRules('{ directResponse: { status: 503 } }'));
    tell();
    expect((await outcome).reason).toBe('route');
  });

  it('opens nothing for a call that waited for it when all was closed', async () => {
    const { world, policies } = worldUnder('');
    let tell = () => {};
    policies.ready = new Promise((resolve) => {
      tell = resolve;
    });
    await world.nodes('a');
    const { outcome } = world.call(world.caller());
    world.room.close();
    policies.set(helloRules('{ route: [{ destination: { host: other } }] }'));
    tell();
    expect((await outcome).reason).toBe('closed');
    expect(world.room.services).toEqual([]);
    expect(world.clock.pendingTimers).toBe(0);
  });
});
