import { Metadata, status } from '@grpc/grpc-js';
import { freePort } from '@micromesh/cli/stage';
import { type HelloHandlers, HelloService, helloHandlers } from '@micromesh/service-hello';
import { ConfigError, consul, RpcError, retryOnCodes } from 'micromesh';
import { describe, expect, it } from 'vitest';
import { failure, meshWith, untyped } from './refusals.js';

// What users get to read when something is wrong: each message names it, and what to do.

describe('an option', () => {
  const mesh = () => meshWith();
  const made = (options: object) => () => meshWith(untyped(options));
  const defaults = (options: object) => made({ defaults: options });

  it.each([
    ['createMesh: "registery" is not an option; did you mean registry?', made({ registery: 'memory:' })],
    ['createMesh.defaults: "timeout" is not an option; did you mean timeoutMs?', defaults({ timeout: 5 })],
    [
      'createMesh.identity: "name" is not an option; it takes service, namespace, labels',
      made({ identity: { name: 'x' } }),
    ],
    [
      'createMesh.outlier: "consecutive" is not an option; it takes consecutiveFailures, windowMs, ',
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
      "createMesh.services: [\"hello\"] is no object; give registry names by proto service: { 'hello.v1.Hello': 'hello' }",
      made({ services: ['hello'] }),
    ],
    ['createMesh.services.a.B: "" names nothing; give a name', made({ services: { 'a.B': '' } })],
    [
      'createMesh.identity.labels: "a" is no object; give texts by name: { zone: \'a\' }',
      made({ identity: { labels: 'a' } }),
    ],
    ["registry: null is no registry; write 'consul://host:port'", made({ registry: null })],
    ['createMesh.clock: {} has no now, no wallNow, no setTimer; give a Clock', made({ clock: {} })],
    ['createMesh.retryBudget.ratio: "x" is no number; give one', made({ retryBudget: { ratio: 'x' } })],
    [
      'createMesh.defaults: null is no object; give one with any of timeoutMs, retries, retry, ',
      made({ defaults: null }),
    ],
    [
      'createMesh.defaults.timeoutMs: 0 is out of range; give milliseconds, at least 1; Infinity means none',
      defaults({ timeoutMs: 0 }),
    ],
    [
      'createMesh.defaults.timeoutMs: "5s" is no number; give milliseconds, at least 1; Infinity means none',
      defaults({ timeoutMs: '5s' }),
    ],
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
      'createMesh.defaults.strategy: "fastest" is none of its values; give hash-random or round-robin or least-request or weighted or peak-ewma or random or ring-hash or maglev',
      defaults({ strategy: 'fastest' }),
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
      "mesh.channel.channelOptions: 5 is no object; give grpc-js's by name: { 'grpc.max_receive_message_length': -1 }",
      () => mesh().channel('hello', untyped({ channelOptions: 5 })),
    ],
    [
      'mesh.with work: undefined is no function; give the calls: mesh.with({ retries: 0 }, () => stub.anything(request, callback))',
      () => Reflect.apply(mesh().with, mesh(), [{ retries: 0 }]),
    ],
    [
      'mesh.with options: function work is no object',
      () => Reflect.apply(mesh().with, mesh(), [function work() {}]),
    ],
    [
      'mesh.detached work: undefined is no function; give the work: mesh.detached(() => client.anything(request))',
      () => Reflect.apply(mesh().detached, mesh(), []),
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

describe('an option of calls is looked at alike by mesh.with, mesh.client and each method', () => {
  const TIME = 'give milliseconds, at least 1; Infinity means none';
  const { signal } = new AbortController();
  /** What a client does not take for all its calls. */
  const OF_ONE_CALL = ['signal', 'metadata', 'hashKey', 'idempotent'];

  const places: Record<string, (options: object) => unknown> = {
    'mesh.with': (options) => meshWith().with(untyped(options), () => {}),
    'mesh.client': (options) => meshWith().client(HelloService, untyped({ service: 'hello', ...options })),
    'hello.v1.Hello.anything': (options) => hello().anything({ name: 'x' }, untyped(options)),
    'hello.v1.Hello.list': (options) => hello().list({ count: 1 }, untyped(options)),
    'hello.v1.Hello.collect': (options) => hello().collect([], untyped(options)),
    'hello.v1.Hello.chat': (options) => hello().chat([], untyped(options)),
  };
  const hello = () => meshWith().client(HelloService, { service: 'hello' });

  it.each([
    [{ timeout: 5 }, ': "timeout" is not an option; did you mean timeoutMs?'],
    [{ timeoutMs: '5s' }, `.timeoutMs: "5s" is no number; ${TIME}`],
    [{ timeoutMs: 0 }, `.timeoutMs: 0 is out of range; ${TIME}`],
    [{ timeoutMs: -5 }, `.timeoutMs: -5 is out of range; ${TIME}`],
    [{ timeoutMs: Number.NaN }, `.timeoutMs: NaN is out of range; ${TIME}`],
    [{ attemptTimeoutMs: 0 }, '.attemptTimeoutMs: 0 is out of range; give milliseconds, at least 1'],
    [{ retries: 1.5 }, '.retries: 1.5 is not an integer; give a whole number of at least 0'],
    [{ retries: Number.NaN }, '.retries: NaN is not an integer'],
    [{ retry: 'always' }, '.retry: "always" is no function; give one, e.g. retryOnError'],
    [{ backoff: 5 }, '.backoff: 5 is no object; give one with any of baseMs, maxMs'],
    [{ backoff: { maxMs: Number.NaN } }, '.backoff.maxMs: NaN is out of range'],
    [{ filter: { versoin: '1' } }, '.filter: "versoin" is not an option; did you mean version?'],
    [{ filter: { version: 1 } }, '.filter.version: 1 is not a string; give a string'],
    [{ filter: { labels: { zone: 1 } } }, '.filter.labels.zone: 1 is not a string; give a string'],
    [
      { filter: { locality: 'here' } },
      '.filter.locality: "here" is none of its values; give prefer or require',
    ],
    [
      { filter: () => true },
      '.filter: function filter is no object; give one with any of version, labels, locality',
    ],
    [{ filter: null }, '.filter: null is no object'],
    [{ waitForReady: 1 }, '.waitForReady: 1 is no boolean; give true or false'],
    [{ idempotent: 'yes' }, '.idempotent: "yes" is no boolean; give true or false'],
    [{ hashKey: 5 }, '.hashKey: 5 is not a string; give a string'],
    [{ signal: {} }, '.signal: {} is no AbortSignal; give one, e.g. controller.signal'],
    [{ signal: new AbortController() }, '.signal: an AbortController is no AbortSignal; give its signal'],
    [{ metadata: { a: 'b' } }, '.metadata: {"a":"b"} is no Metadata; give one of @grpc/grpc-js'],
  ])('%o', async (options, problem) => {
    for (const [place, give] of Object.entries(places)) {
      if (place === 'mesh.client' && OF_ONE_CALL.some((name) => name in options)) continue;
      const error = await failure(() => give(options));
      expect(error).toBeInstanceOf(ConfigError);
      expect(error.message.slice(0, place.length + problem.length)).toBe(place + problem);
    }
  });

  it.each([
    [{ onHeader: 5 }, '.onHeader: 5 is no function; give one that takes the header, a Metadata'],
    [{ onTrailer: {} }, '.onTrailer: {} is no function; give one that takes the trailer, a Metadata'],
    [null, ' options: null is no object; give e.g. { timeoutMs: 500 }'],
    [5, ' options: 5 is no object; give e.g. { timeoutMs: 500 }'],
    [new Metadata(), ' options: a Metadata is given in place of the options; pass { metadata }'],
    [
      () => {},
      ' options: function (anonymous) is a callback; await the promise, or iterate over the stream, that the method gives',
    ],
  ])('and each method names what only it may be given: %o', async (options, problem) => {
    for (const [place, give] of Object.entries(places)) {
      if (place.startsWith('mesh.')) continue;
      const error = await failure(() => give(untyped(options)));
      expect(error).toBeInstanceOf(ConfigError);
      expect(error.message).toBe(place + problem);
    }
  });

  it('takes what is right', async () => {
    const mesh = meshWith();
    await mesh
      .server('hello')
      .add(HelloService, helloHandlers())
      .start({ drain: { lameDuckMs: 0 } });
    const client = mesh.client(HelloService, { service: 'hello' });
    const options = {
      timeoutMs: Number.POSITIVE_INFINITY,
      attemptTimeoutMs: 4000,
      retries: 0,
      retry: retryOnCodes('UNAVAILABLE'),
      backoff: { baseMs: 0 },
      filter: { locality: 'prefer' },
      waitForReady: false,
      idempotent: true,
      hashKey: '',
      signal,
      metadata: new Metadata(),
      onHeader: undefined,
      onTrailer: () => {},
    };
    expect(await client.anything({ name: 'x' }, untyped(options))).toEqual({ msg: 'Hello x' });
  });
});

describe('a call', () => {
  const hello = () => meshWith().client(HelloService, { service: 'hello' });

  it('names a request that is none', async () => {
    const nothing = await failure(() => hello().anything(untyped(undefined)));
    expect(nothing.message).toBe(
      'the request of hello.v1.Hello.anything is missing; pass an object, {} for one without fields',
    );
    const text = await failure(() =>
      hello()
        .list(untyped({ count: 'many' }))
        .next(),
    );
    expect(text.message).toMatch(
      /^the request of hello\.v1\.Hello\.list is no message of its type, and cannot be written as bytes: /,
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
    expect((await failure(() => mesh.server('hello'))).message).toBe(
      'the mesh was closed; start its servers before mesh.close()',
    );
  });

  it('of a server that starts when the mesh was closed is refused at once, and the port is free', async () => {
    const mesh = meshWith();
    const builder = mesh.server('hello').add(HelloService, helloHandlers());
    await mesh.close();
    const port = await freePort();
    const started = performance.now();
    expect((await failure(() => builder.start({ listen: `127.0.0.1:${port}` }))).message).toBe(
      'the mesh was closed; start its servers before mesh.close()',
    );
    expect(performance.now() - started).toBeLessThan(900);
    const other = meshWith().server('hello').add(HelloService, helloHandlers());
    await (await other.start({ listen: `127.0.0.1:${port}`, drain: { lameDuckMs: 0 } })).stop();
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
