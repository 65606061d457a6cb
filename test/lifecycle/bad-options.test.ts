import { HelloService } from '@micromesh/service-hello';
import { ConfigError, consul, retryOnCodes } from 'micromesh';
import { afterEach, describe, expect, it } from 'vitest';
import { closeMeshes, failure, meshWith, untyped } from './refusals.js';

// What users get to read when something is wrong: each message names it, and what to do.

afterEach(closeMeshes);

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
    [
      'createMesh.retryBudget.ratio: "x" is no number; give extra attempts a call, from 0 to 10: 0.2 is one in five calls',
      made({ retryBudget: { ratio: 'x' } }),
    ],
    [
      'createMesh.retryBudget.ratio: 20 is out of range; give extra attempts a call, from 0 to 10: 0.2 is one in five calls',
      made({ retryBudget: { ratio: 20 } }),
    ],
    [
      'createMesh.outlier.latencyFactor: 0.5 is out of range; give a factor of at least 1, or 0 for off',
      made({ outlier: { latencyFactor: 0.5 } }),
    ],
    [
      'createMesh.outlier.countedCodes[0]: 0 is out of range; give a number from 1 to 16',
      made({ outlier: { countedCodes: [0] } }),
    ],
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
