import { createServer } from 'node:net';
import { status } from '@grpc/grpc-js';
import { HelloClient, type HelloHandlers, HelloService, helloHandlers } from '@micromesh/service-hello';
import { ConfigError, RpcError } from 'micromesh';
import { afterEach, describe, expect, it } from 'vitest';
import { portOf } from './port-of.js';
import { closeMeshes, failure, meshWith, untyped } from './refusals.js';

// What users get to read when something is wrong: each message names it, and what to do.

afterEach(closeMeshes);

describe('a server', () => {
  const start = (options: unknown, server: object = {}) =>
    failure(() =>
      meshWith().server('hello', server).add(HelloService, helloHandlers()).start(untyped(options)),
    );

  it('names a port in use', async () => {
    const taken = createServer();
    await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
    const port = portOf(taken);
    const error = await start({ listen: `127.0.0.1:${port}` });
    expect(error).toBeInstanceOf(ConfigError);
    expect(error.message).toBe(
      `start.listen: "127.0.0.1:${port}" is in use: something listens on port ${port} already; stop it, or listen on another port; port 0 takes a free one`,
    );
    taken.close();
  });

  it('names an id that is registered already', async () => {
    const mesh = meshWith();
    const builder = () => mesh.server('hello', { id: 'hello-1' }).add(HelloService, helloHandlers());
    const { address } = await builder().start({ drain: { lameDuckMs: 0 } });
    const error = await failure(() => builder().start());
    expect(error).toBeInstanceOf(ConfigError);
    expect(error.message).toBe(
      `id: "hello-1" is registered already (${address}); give each instance an id of its own, or deregister the other first`,
    );
  });

  it.each([
    [{ port: 5 }, {}, /^start: "port" is not an option; it takes listen, advertise, /],
    [{ listen: 8080 }, {}, /^start\.listen: 8080 is no address; write 'host:port'/],
    [{ listen: '127.0.0.1:65536' }, {}, /^start\.listen: "127\.0\.0\.1:65536" is no address; .*0 to 65535$/],
    [
      { advertise: 'hello.internal' },
      {},
      /^start\.advertise: "hello\.internal" is no address; write host:port/,
    ],
    [{ advertise: null }, {}, /^start\.advertise: null is no address; write 'host:port'/],
    [{ register: 'no' }, {}, /^start\.register: "no" is no boolean; give true or false$/],
    [{ check: 'grcp' }, {}, /^start\.check: "grcp" is none of its values; give auto or grpc or ttl$/],
    [
      { credentials: 'insecure' },
      {},
      /^start\.credentials: "insecure" is none of grpc-js's ServerCredentials; /,
    ],
    [{ channelOptions: 5 }, {}, /^start\.channelOptions: 5 is no object; give grpc-js's by name/],
    [{ drain: 5 }, {}, /^start\.drain: 5 is no object; give one with any of lameDuckMs, graceMs$/],
    [{ drain: { graceMs: '3s' } }, {}, /^start\.drain\.graceMs: "3s" is no number; give one$/],
    [
      { signals: ['SIGKILL'] },
      {},
      /^start\.signals: "SIGKILL" reaches no process; give e\.g\. SIGTERM or SIGINT$/,
    ],
    [{ signals: [15] }, {}, /^start\.signals: 15 is no signal; give e\.g\. SIGTERM or SIGINT$/],
    [8080, {}, /^start: 8080 is no object; give one with any of listen, /],
    [{ listen: '8080' }, {}, /^start\.listen: "8080" is no address; write host:port/],
    [
      { listen: '203.0.113.1:0' },
      {},
      /is not an address of this machine; listen on one that is, or on 0\.0\.0\.0/,
    ],
    [{ advertise: '0.0.0.0:1' }, {}, /"0\.0\.0\.0:1" is no address that a client can reach; advertise/],
    [{ signals: 'SIGTERM' }, {}, /^start\.signals: "SIGTERM" is no list; give one: \['SIGTERM', 'SIGINT'\]$/],
    [{ signals: ['SIGTREM'] }, {}, /^start\.signals: "SIGTREM" is no signal; did you mean SIGTERM\?$/],
    [{ signals: ['SIGTEM'] }, {}, /^start\.signals: "SIGTEM" is no signal; did you mean SIGTERM\?$/],
    [
      { drain: { lameduckMs: 5 } },
      {},
      /^start\.drain: "lameduckMs" is not an option; did you mean lameDuckMs\?$/,
    ],
    [
      { drain: { graceMs: -5 } },
      {},
      /^start\.drain\.graceMs: -5 is out of range; give a number of at least 0$/,
    ],
    [{}, { versions: '1' }, /^mesh\.server: "versions" is not an option; did you mean version\?$/],
    [{}, { weight: 0 }, /^mesh\.server\.weight: 0 is out of range; give a number from 1 to 65535$/],
    [{}, { labels: { zone: 5 } }, /^mesh\.server\.labels\.zone: 5 is not a string; give a string$/],
    [{}, { id: 'a b' }, /^id: "a b" is no node id; give 1 to 128 letters, digits and any of/],
  ])('names what it was started with: %j %j', async (options, server, message) => {
    const error = await start(options, server);
    expect(error).toBeInstanceOf(ConfigError);
    expect(error.message).toMatch(message);
  });

  const { anything, ...others } = helloHandlers();
  it.each([
    [
      others,
      'handlers of hello.v1.Hello: "anything" has no handler; add "anything", async (request, context) => response',
    ],
    [
      { ...others, anythng: anything },
      'handlers of hello.v1.Hello: "anythng" is no method; did you mean anything?',
    ],
    [
      { ...others, anything: 5 },
      'handlers of hello.v1.Hello: "anything" is no function; add "anything", async (request, context) => response',
    ],
  ])('names a handler that is missing, misspelt or none', async (handlers, message) => {
    const error = await failure(() =>
      meshWith().server('hello').add(HelloService, untyped<HelloHandlers>(handlers)),
    );
    expect(error).toBeInstanceOf(ConfigError);
    expect(error.message).toBe(message);
  });

  it('names a definition that is none, or comes twice, or not at all', async () => {
    const server = () => meshWith().server('hello');
    expect(
      (
        await failure(() =>
          server().add(untyped<typeof HelloService>(HelloClient), untyped<HelloHandlers>({})),
        )
      ).message,
    ).toBe(
      'definition: function ServiceClientImpl is no service definition; pass the generated `XService` constant, or `loaded.package.X.service` of proto-loader',
    );
    const twice = () =>
      server().add(HelloService, helloHandlers()).add(HelloService, helloHandlers()).start();
    expect((await failure(twice)).message).toBe(
      'server.add: "/hello.v1.Hello/Anything" is served already; add each service once',
    );
    expect((await failure(() => server().start())).message).toBe(
      'mesh.server: "hello" serves nothing; add a service before start',
    );
  });
});

describe('a handler', () => {
  async function callOf(handler: unknown, timeoutMs = 5000): Promise<{ error: Error; executions: number }> {
    let executions = 0;
    const counted = (...call: unknown[]) => {
      executions++;
      return untyped<(...call: unknown[]) => unknown>(handler)(...call);
    };
    const mesh = meshWith();
    const handlers: HelloHandlers = { ...helloHandlers(), anything: untyped(counted) };
    await mesh
      .server('hello')
      .add(HelloService, handlers)
      .start({ drain: { lameDuckMs: 0, graceMs: 50 } });
    const hello = mesh.client(HelloService, { service: 'hello' });
    const error = await failure(() => hello.anything({ name: 'x' }, { timeoutMs }));
    return { error, executions };
  }

  it.each([
    [
      'throws',
      () => {
        throw new TypeError('x is undefined');
      },
      '2 UNKNOWN: x is undefined',
    ],
    ['rejects', () => Promise.reject(new Error('the database is gone')), '2 UNKNOWN: the database is gone'],
    ['rejects with no error', () => Promise.reject('a string'), '2 UNKNOWN: a string'],
    [
      'rejects with a status',
      () => Promise.reject(new RpcError(status.NOT_FOUND, 'no such user')),
      '5 NOT_FOUND: no such user',
    ],
    [
      'returns nothing',
      async () => {},
      '2 UNKNOWN: the handler returned undefined; return the response message',
    ],
    ['returns null', async () => null, '2 UNKNOWN: the handler returned null; return the response message'],
    [
      'returns what is no message',
      async () => ({
        get msg() {
          throw new Error('no text');
        },
      }),
      '2 UNKNOWN: Error serializing response: no text',
    ],
  ])('that %s runs once, and the call says it', async (_, handler, message) => {
    const { error, executions } = await callOf(handler);
    expect(error.message).toBe(message);
    expect(executions).toBe(1);
  });

  it('that never replies is waited for until the deadline', async () => {
    const { error, executions } = await callOf(() => new Promise(() => {}), 1500);
    expect(error.message).toMatch(
      /^4 DEADLINE_EXCEEDED: hello\.v1\.Hello\/Anything failed after 1 attempt in \d+ ms: hello-\w+ 127\.0\.0\.1:\d+ DEADLINE_EXCEEDED Deadline exceeded after \d+ ms \(unknown\) \d+ ms$/,
    );
    expect(executions).toBe(1);
  });

  it('that replies once more than once: a method has one response, and a stream that has ended takes none', async () => {
    let late: unknown;
    const mesh = meshWith();
    const handlers: HelloHandlers = {
      ...helloHandlers(),
      anything: async (_, { sendHeader, header }) => {
        header.set('once', '1');
        sendHeader();
        sendHeader();
        return { msg: 'first' };
      },
      list: async function* () {
        yield { msg: 'first' };
        late = await new Promise((resolve) => setImmediate(resolve, 'went on'));
      },
    };
    await mesh
      .server('hello')
      .add(HelloService, handlers)
      .start({ drain: { lameDuckMs: 0 } });
    const hello = mesh.client(HelloService, { service: 'hello' });
    expect(await hello.anything({ name: 'x' })).toEqual({ msg: 'first' });
    const replies: string[] = [];
    for await (const { msg } of hello.list({ count: 1 })) replies.push(msg);
    expect({ replies, late }).toEqual({ replies: ['first'], late: 'went on' });
  });
});
