import { Metadata, status } from '@grpc/grpc-js';
import { describe, expect, it } from 'vitest';
import type { CallOptions } from '../call/call-options.js';
import { TestWorld } from '../testing/index.js';
import type { IncomingCall } from '../testing/node-script.js';
import { helloRules, TestPolicies } from '../testing/test-policies.js';

const TO_HELLO = 'route: [{ destination: { host: hello } }]';

async function worldWith(...rules: readonly string[]) {
  const world = new TestWorld(1, { policies: new TestPolicies(helloRules(...rules)) });
  await world.nodes('a', 'b');
  return world;
}

/** The request of a call as its first attempt carries it. */
async function requestUnder(rule: string, options: CallOptions = {}) {
  const world = await worldWith(rule);
  const { call, outcome } = world.call(world.caller(), options);
  await world.clock.settle();
  expect((await outcome).code).toBe(status.OK);
  const [attempt] = world.transport.attempts;
  if (attempt === undefined) throw new Error('nothing was sent');
  return { call, attempt };
}

/** What the caller of one call gets of the response. */
async function responseUnder(rule: string, answer: (incoming: IncomingCall) => void, retries = 0) {
  const world = await worldWith(rule);
  for (const id of ['a', 'b']) {
    world.transport.node(id).accept = (incoming) => ({
      onRequests: () => {
        if (incoming.halfClosed) answer(incoming);
      },
      onDrained() {},
      onGone() {},
    });
  }
  const caller = world.caller({ retries });
  let headers: Metadata | undefined;
  const method = { path: '/hello.v1.Hello/Anything', service: 'hello.v1.Hello', name: 'Anything' };
  const call = caller.newCall(
    { ...method, kind: 'unary', idempotency: 'unknown' },
    undefined,
    {},
    {
      onHeaders: (given) => {
        headers = given;
      },
      onMessage() {},
    },
  );
  call.requests.push({ bytes: Buffer.from('hi'), flags: 0, written: undefined });
  call.requests.end();
  const ended = caller.start(call);
  call.requestRead();
  await world.clock.advance(1000);
  const { trailers, code } = await ended;
  return { headers: headers?.getMap(), trailers: trailers.getMap(), code };
}

function metadataOf(values: Readonly<Record<string, string>>): Metadata {
  const metadata = new Metadata();
  for (const [name, value] of Object.entries(values)) metadata.set(name, value);
  return metadata;
}

describe('header operations on requests', () => {
  it('are those of the rule, then of the destination', async () => {
    const { attempt } = await requestUnder(
      '{ headers: { request: { set: { x-set: rule, x-both: rule }, add: { x-add: "2" }, remove: [x-gone] } }, ' +
        'route: [{ destination: { host: hello }, headers: { request: { set: { x-both: destination }, add: { x-add: "3" } } } }] }',
      { metadata: metadataOf({ 'x-set': 'call', 'x-add': '1', 'x-gone': '1', 'x-left': '1' }) },
    );
    const sent = attempt.metadata;
    expect(['x-set', 'x-both', 'x-add', 'x-gone', 'x-left'].map((name) => sent.get(name))).toEqual([
      ['rule'],
      ['destination'],
      ['1', '2', '3'],
      [],
      ['1'],
    ]);
  });

  it('are done once, for all attempts, and not to the metadata of the caller', async () => {
    const world = await worldWith(`{ headers: { request: { add: { x-add: "1" } } }, ${TO_HELLO} }`);
    world.transport.node('a').script = () => ({ kind: 'status', code: status.UNAVAILABLE });
    world.transport.node('b').script = () => ({ kind: 'status', code: status.UNAVAILABLE });
    const metadata = metadataOf({ 'x-own': '1' });
    const { outcome } = world.call(world.caller({ retries: 1 }), { metadata });
    await world.clock.advance(100);
    await outcome;
    expect(world.transport.attempts.map((attempt) => attempt.metadata.get('x-add'))).toEqual([['1'], ['1']]);
    expect(metadata.getMap()).toEqual({ 'x-own': '1' });
  });

  it('do not change which rule takes the call', async () => {
    const { attempt } = await requestUnder(
      `{ match: [{ headers: { x-a: { exact: "1" } } }], headers: { request: { set: { x-a: "2" } } }, ${TO_HELLO} }`,
      { metadata: metadataOf({ 'x-a': '1' }) },
    );
    expect(attempt.metadata.get('x-a')).toEqual(['2']);
  });
});

describe('header operations on responses', () => {
  const RULE =
    '{ headers: { response: { set: { x-set: rule }, add: { x-add: "2" }, remove: [x-gone] } }, ' +
    'route: [{ destination: { host: hello }, headers: { response: { set: { x-own: destination } } } }] }';
  const GIVEN = { 'x-set': 'node', 'x-add': '1', 'x-gone': '1' };
  const EDITED = { 'x-set': 'rule', 'x-add': '1, 2', 'x-own': 'destination' };

  it('are done to the headers, and leave the trailers that follow them', async () => {
    const got = await responseUnder(RULE, (incoming) => {
      incoming.sendHeaders(metadataOf(GIVEN));
      incoming.sendMessage(Buffer.from('hi'));
      incoming.sendStatus(status.OK, '', metadataOf(GIVEN));
    });
    expect(got.headers).toEqual({ ...EDITED, 'x-add': '1' });
    expect(got.trailers).toEqual(GIVEN);
  });

  it('are done to the trailers where these are all there is', async () => {
    const got = await responseUnder(RULE, (incoming) =>
      incoming.sendStatus(status.NOT_FOUND, '', metadataOf(GIVEN)),
    );
    expect(got).toEqual({
      code: status.NOT_FOUND,
      headers: undefined,
      trailers: { ...EDITED, 'x-add': '1' },
    });
  });

  it('are done once to the headers of a call that failed', async () => {
    const got = await responseUnder(
      RULE,
      (incoming) => {
        incoming.sendHeaders(metadataOf(GIVEN));
        incoming.sendStatus(status.UNAVAILABLE, '', metadataOf(GIVEN));
      },
      1,
    );
    expect(got).toEqual({
      code: status.UNAVAILABLE,
      headers: { ...EDITED, 'x-add': '1' },
      trailers: GIVEN,
    });
  });

  it('are not done to what the mesh itself answers', async () => {
    const world = await worldWith(RULE);
    for (const id of ['a', 'b']) world.transport.node(id).script = () => ({ kind: 'silence' });
    const { outcome } = world.call(world.caller(), { timeoutMs: 100 });
    await world.clock.advance(100);
    expect((await outcome).trailers.getMap()).toEqual({});
  });
});

describe('a rewrite', () => {
  it.each([
    [
      'a prefix',
      'match: [{ uri: { prefix: /hello.v1.Hello/ } }], rewrite: { uri: /v2.Hello/ }',
      '/v2.Hello/Anything',
    ],
    [
      'the whole path',
      'match: [{ uri: { exact: /hello.v1.Hello/Anything } }], rewrite: { uri: /v2.Hello/Do }',
      '/v2.Hello/Do',
    ],
    [
      'what a pattern takes',
      'rewrite: { uriRegexRewrite: { match: "/hello\\\\.v1\\\\.(.*)/(.*)", rewrite: "/hello.v2.\\\\1/\\\\2" } }',
      '/hello.v2.Hello/Anything',
    ],
  ])('changes %s of the path on the wire, and the method stays what it was', async (_, fields, path) => {
    const { call, attempt } = await requestUnder(`{ ${fields}, ${TO_HELLO} }`);
    expect([attempt.path, call.method.path]).toEqual([path, '/hello.v1.Hello/Anything']);
  });

  it('is that of the match that took the call', async () => {
    const world = await worldWith(
      `{ match: [{ uri: { prefix: /hello.v1 }, headers: { x-a: {} } }, { uri: { prefix: /hello.v1.Hello } }], rewrite: { uri: /new }, ${TO_HELLO} }`,
    );
    const caller = world.caller();
    for (const own of [{ 'x-a': '1' }, {}, { 'x-a': '1' }]) {
      await world.call(caller, { metadata: metadataOf(own) }).outcome;
    }
    expect(world.transport.attempts.map(({ path }) => path)).toEqual([
      '/new.Hello/Anything',
      '/new/Anything',
      '/new.Hello/Anything',
    ]);
  });

  it('of the authority is what the node sees: of the destination, else of the rule', async () => {
    const ofRule = await requestUnder(`{ rewrite: { authority: greeter }, ${TO_HELLO} }`);
    expect(ofRule.attempt.host).toBe('greeter');
    const ofDestination = await requestUnder(
      '{ route: [{ destination: { host: hello }, headers: { request: { set: { ":authority": second } } } }] }',
    );
    expect(ofDestination.attempt.host).toBe('second');
    expect(ofDestination.attempt.metadata.get('host')).toEqual([]);
  });
});
