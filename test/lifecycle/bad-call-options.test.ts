import { Metadata } from '@grpc/grpc-js';
import { HelloService, helloHandlers } from '@micromesh/service-hello';
import { ConfigError, retryOnCodes } from 'micromesh';
import { afterEach, describe, expect, it } from 'vitest';
import { closeMeshes, failure, meshWith, untyped } from './refusals.js';

afterEach(closeMeshes);

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
