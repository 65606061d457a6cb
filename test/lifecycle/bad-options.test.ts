import { status } from '@grpc/grpc-js';
import { type HelloHandlers, HelloService, helloHandlers } from '@micromesh/service-hello';
import { ConfigError, consul, RpcError, retryOnCodes } from 'micromesh';
import { describe, expect, it } from 'vitest';
import { failure, meshWith, untyped } from './refusals.js';

// What users get to read when something is wrong: each message names it, and what to do.

describe('an option', () => {
  const mesh = () => meshWith();
  const hello = () => meshWith().client(HelloService, { service: 'hello' });
  const made = (options: object) => () => meshWith(untyped(options));
  const defaults = (options: object) => made({ defaults: options });

  it.each([
    ['createMesh: "registery" is not an option; did you mean registry?', made({ registery: 'memory:' })],
    ['createMesh.defaults: "timeout" is not an option; did you mean timeoutMs?', defaults({ timeout: 5 })],
    [
      'createMesh.identity: "name" is not an option; it takes service, labels',
      made({ identity: { name: 'x' } }),
    ],
    [
      'createMesh.outlier: "consecutive" is not an option; it takes consecutiveFailures, windowMs, peerFactor, failureRatio, minCalls, stdevFactor, stdevMinNodes, stdevMinCalls, latencyFactor, baseEjectionMs, maxEjectionMs, maxEjectedRatio, panicRatio',
      made({ outlier: { consecutive: 5 } }),
    ],
    [
      'createMesh.retryBudget: "percent" is not an option; it takes ratio, perSecond, windowMs',
      made({ retryBudget: { percent: 5 } }),
    ],
    [
      'createMesh.interceptors: "calls" is not an option; did you mean call?',
      made({ interceptors: { calls: [] } }),
    ],
    [
      'createMesh.logger: {} has no debug, no info, no warn, no error; give a pino logger, or an object with these four methods',
      made({ logger: {} }),
    ],
    [
      'createMesh.services: "hello" is no object; give texts by name: { zone: \'a\' }',
      made({ services: 'hello' }),
    ],
    ['createMesh.clock: {} has no now, no wallNow, no setTimer; give a Clock', made({ clock: {} })],
    ['createMesh.retryBudget.ratio: "x" is no number; give one', made({ retryBudget: { ratio: 'x' } })],
    [
      'createMesh.defaults: null is no object; give one with any of timeoutMs, retries, retry, attemptTimeoutMs, backoff, filter, waitForReady, strategy',
      made({ defaults: null }),
    ],
    [
      'createMesh.defaults.timeoutMs: 0 is out of range; give a number of at least 1',
      defaults({ timeoutMs: 0 }),
    ],
    ['createMesh.defaults.timeoutMs: "5s" is no number; give one', defaults({ timeoutMs: '5s' })],
    [
      'createMesh.defaults.retries: 1.5 is not an integer; give a whole number of at least 0',
      defaults({ retries: 1.5 }),
    ],
    [
      'createMesh.defaults.retries: 101 is out of range; give a number from 0 to 100',
      defaults({ retries: 101 }),
    ],
    [
      'createMesh.defaults.retry: "always" is no function; give one, e.g. retryOnError',
      defaults({ retry: 'always' }),
    ],
    [
      'createMesh.defaults.strategy: "random" is none of its values; give hash-random or round-robin',
      defaults({ strategy: 'random' }),
    ],
    [
      'createMesh.defaults.filter.version: 5 is not a string; give a string',
      defaults({ filter: { version: 5 } }),
    ],
    [
      'createMesh.defaults.backoff: "base" is not an option; did you mean baseMs?',
      defaults({ backoff: { base: 1 } }),
    ],
    [
      'createMesh.defaults.backoff.baseMs: -1 is out of range; give a number of at least 0',
      defaults({ backoff: { baseMs: -1 } }),
    ],
    [
      'createMesh.defaults.waitForReady: "yes" is no boolean; give true or false',
      defaults({ waitForReady: 'yes' }),
    ],
    ['consul: "adress" is not an option; did you mean address?', () => consul(untyped({ adress: 'x' }))],
    ["address: 5 is no address; give 'host:port', or a list of them", () => consul(untyped({ address: 5 }))],
    [
      'mesh.client: "services" is not an option; did you mean service?',
      () => mesh().client(HelloService, untyped({ services: 'hello' })),
    ],
    [
      'mesh.client.idempotent: "anythng" is no method; did you mean anything?',
      () => mesh().client(HelloService, { service: 'hello', idempotent: ['anythng'] }),
    ],
    [
      'mesh.channel: "definition" is not an option; did you mean definitions?',
      () => mesh().channel('hello', untyped({ definition: HelloService })),
    ],
    ['mesh.channel.definitions: {', () => mesh().channel('hello', untyped({ definitions: HelloService }))],
    [
      'mesh.with: "retires" is not an option; did you mean retries?',
      () => mesh().with(untyped({ retires: 3 }), () => {}),
    ],
    [
      'mesh.with.retry: 3 is no function; give one, e.g. retryOnError',
      () => mesh().with(untyped({ retry: 3 }), () => {}),
    ],
    [
      'hello.v1.Hello.anything: "timeout" is not an option; did you mean timeoutMs?',
      () => hello().anything({ name: 'x' }, untyped({ timeout: 5 })),
    ],
    [
      'hello.v1.Hello.anything.timeoutMs: "5s" is no time; give milliseconds; Infinity means none',
      () => hello().anything({ name: 'x' }, untyped({ timeoutMs: '5s' })),
    ],
    [
      'hello.v1.Hello.anything.signal: {} is no AbortSignal; give one',
      () => hello().anything({ name: 'x' }, untyped({ signal: {} })),
    ],
    [
      'hello.v1.Hello.anything.metadata: {"a":"b"} is no Metadata; give one of @grpc/grpc-js',
      () => hello().anything({ name: 'x' }, untyped({ metadata: { a: 'b' } })),
    ],
    [
      'retryOnCodes: "UNAVAILBLE" is no gRPC status code; give one of OK, CANCELLED, UNKNOWN,',
      () => retryOnCodes('UNAVAILBLE'),
    ],
  ])('that cannot be is named, with what to write instead: %s', async (message, work) => {
    const error = await failure(work);
    expect(error).toBeInstanceOf(ConfigError);
    expect(error.message.slice(0, message.length)).toBe(message);
  });
});

describe('a call', () => {
  const hello = () => meshWith().client(HelloService, { service: 'hello' });

  it('names a request that is none', async () => {
    const nothing = await failure(() => hello().anything(untyped(undefined)));
    expect(nothing.message).toMatch(
      /^the request of hello\.v1\.Hello\.anything is no message of its type, and cannot be written as bytes: /,
    );
    const single = await failure(() => hello().collect(untyped({ name: 'x' })));
    expect(single.message).toBe(
      'the requests of a stream cannot be iterated; give an array or an async generator',
    );
  });

  it('names the interceptor and the retry function that failed', async () => {
    const mesh = meshWith();
    const handlers: HelloHandlers = {
      ...helloHandlers(),
      anything: () => Promise.reject(new RpcError(status.UNAVAILABLE, 'busy')),
    };
    await mesh
      .server('hello')
      .add(HelloService, handlers)
      .start({ drain: { lameDuckMs: 0 } });
    const retrying = mesh.client(HelloService, {
      service: 'hello',
      retry: function onWeekdays() {
        throw new Error('no calendar');
      },
    });
    expect((await failure(() => retrying.anything({ name: 'x' }))).message).toMatch(
      /; retry function onWeekdays failed: no calendar$/,
    );
    const intercepted = mesh.client(HelloService, {
      service: 'hello',
      interceptors: {
        call: [
          function addTenant() {
            return () => Promise.reject(new Error('no tenant'));
          },
        ],
      },
    });
    expect((await failure(() => intercepted.anything({ name: 'x' }))).message).toMatch(
      /interceptor addTenant failed: no tenant$/,
    );
  });

  it('of a closed mesh says so', async () => {
    const mesh = meshWith();
    const client = mesh.client(HelloService, { service: 'hello' });
    await mesh.close();
    expect((await failure(() => client.anything({ name: 'x' }))).message).toMatch(/the mesh was closed$/);
    expect((await failure(() => mesh.client(HelloService, { service: 'hello' }))).message).toBe(
      'the mesh was closed; make its clients and channels before mesh.close()',
    );
  });

  it('lists every attempt when it fails after more than one', async () => {
    const mesh = meshWith();
    const handlers: HelloHandlers = {
      ...helloHandlers(),
      anything: () => Promise.reject(new RpcError(status.UNAVAILABLE, 'busy')),
    };
    for (let node = 0; node < 2; node++) {
      await mesh
        .server('hello')
        .add(HelloService, handlers)
        .start({ drain: { lameDuckMs: 0 } });
    }
    const client = mesh.client(HelloService, { service: 'hello' });
    const error = await failure(() => client.anything({ name: 'x' }));
    const attempt = 'hello-\\w+ 127\\.0\\.0\\.1:\\d+ UNAVAILABLE busy \\(answered\\) \\d+ ms';
    expect(error.message).toMatch(
      new RegExp(
        `^14 UNAVAILABLE: hello\\.v1\\.Hello/Anything failed after 2 attempts in \\d+ ms: ${attempt}; ${attempt}$`,
      ),
    );
    expect(error).toMatchObject({ details: 'busy', attempts: [{ code: 14 }, { code: 14 }] });
  });
});
