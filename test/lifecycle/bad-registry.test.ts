import { createServer as createHttpServer, type RequestListener } from 'node:http';
import { createServer, type Server } from 'node:net';
import { status } from '@grpc/grpc-js';
import { freePort } from '@micromesh/cli/stage';
import { type Clock, systemClock } from '@micromesh/core';
import { HelloService, helloHandlers } from '@micromesh/service-hello';
import { CallError, ConfigError, RegistryError } from 'micromesh';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { steadyMs } from '../machine/steady-clock.js';
import { portOf } from './port-of.js';
import { closeMeshes, failure, meshWith, untyped } from './refusals.js';

// What users get to read when something is wrong: each message names it, and what to do.

/** Time that runs twenty times as fast, for what takes ten seconds. */
const fastClock: Clock = {
  now: () => systemClock.now() * 20,
  wallNow: () => systemClock.wallNow(),
  setTimer: (delayMs, fire, keepAlive) => systemClock.setTimer(delayMs / 20, fire, keepAlive),
};

afterEach(closeMeshes);

describe('a registry', () => {
  const servers: Server[] = [];
  const ports: Record<string, number> = {};

  async function listen(server: Server): Promise<number> {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    servers.push(server);
    return portOf(server);
  }

  beforeAll(async () => {
    const half = { 'content-type': 'application/json', 'x-consul-index': '9' };
    const listeners: Record<string, RequestListener> = {
      html: (_, response) =>
        response.writeHead(200, { 'content-type': 'text/html' }).end('<html>Welcome</html>'),
      gateway: (_, response) =>
        response.writeHead(502, { 'content-type': 'text/html' }).end('<html>502</html>'),
      half: (_, response) => response.writeHead(200, half).write('[{"Node": {'),
      cutOff: (_, response) => {
        response.writeHead(200, half).write('[{"Node": {', () => response.socket?.resetAndDestroy());
      },
      noLeader: (_, response) => response.writeHead(500).end('No cluster leader'),
      denied: (_, response) => response.writeHead(403).end('Permission denied'),
      otherJson: (_, response) => response.writeHead(200, half).end('{"a": 1}'),
    };
    for (const [name, listener] of Object.entries(listeners))
      ports[name] = await listen(createHttpServer(listener));
    ports.mute = await listen(createServer((socket) => socket.on('error', () => {})));
    ports.nobody = await freePort();
  });
  afterAll(() => {
    for (const server of servers) server.close();
  });

  const AT = 'consul 127\\.0\\.0\\.1:\\d+';
  const WORDS = [
    ['nobody', `${AT}: connect ECONNREFUSED 127\\.0\\.0\\.1:\\d+`],
    ['mute', `${AT} has not answered`],
    ['html', `${AT}: the answer is no JSON but an HTML page; is this a Consul agent\\?`],
    ['gateway', `${AT}: 502 \\(an HTML page\\)`],
    ['half', `${AT} has not answered`],
    ['cutOff', `${AT}: the answer stopped half-way: aborted`],
    ['noLeader', `${AT}: 500 No cluster leader`],
    ['denied', `${AT}: 403 Permission denied`],
    [
      'otherJson',
      `${AT}: the answer is not one of Consul's health endpoint: a list of instances was expected`,
    ],
  ] as const;

  it.each(WORDS)(
    'that is no registry lets a call wait until its deadline, and is named (%s)',
    async (kind, words) => {
      const mesh = meshWith({ registry: `consul://127.0.0.1:${ports[kind]}` });
      const hello = mesh.client(HelloService, { service: 'hello' });
      const fails = () => failure(() => hello.anything({ name: 'x' }, { timeoutMs: 250 }));
      expect(await fails()).toMatchObject({ code: status.DEADLINE_EXCEEDED, reason: 'registryUnknown' });
      // On a busy machine its answer may come after the first call.
      await expect
        .poll(async () => (await fails()).message)
        .toMatch(
          new RegExp(
            `^4 DEADLINE_EXCEEDED: hello\\.v1\\.Hello/Anything failed after 0 attempts in \\d+ ms: Deadline exceeded after \\d+ ms of ` +
              `waiting for the registry's word on service hello \\(${words}\\); see that a registry runs there$`,
          ),
        );
    },
  );

  it.each(['nobody', 'mute', 'html', 'half'])('that is no registry takes no server (%s)', async (kind) => {
    const mesh = meshWith({ registry: `consul://127.0.0.1:${ports[kind]}`, clock: fastClock });
    const builder = mesh.server('hello').add(HelloService, helloHandlers());
    const error = await failure(() => builder.start({ drain: { lameDuckMs: 0 } }));
    expect(error).toBeInstanceOf(RegistryError);
    expect(error.message).toMatch(
      /^hello: the registry consul 127\.0\.0\.1:\d+ did not take the registration in \d+\.\d s \(\d+ (try|tries)\): .+; start the registry, or start with register: false$/,
    );
  });

  it('that is a list takes no server', async () => {
    const builder = meshWith({ registry: 'static:hello=127.0.0.1:1' }).server('hello');
    const error = await failure(() => builder.add(HelloService, helloHandlers()).start());
    expect(error.message).toBe(
      'registry: "static" is a fixed list and takes no registration of hello; start the server with `register: false`, or use consul://, embedded or memory:',
    );
  });

  it.each([
    ['consull://x', /^registry: "consull:\/\/x" is no registry; write 'consul:\/\/host:port', .*'memory:'/],
    ['', /^registry: "" is no registry; write/],
    ['127.0.0.1:8500', /^registry: "127\.0\.0\.1:8500" is no registry; write 'consul:\/\/host:port'/],
    ['consul://a:b:c', /^address: "a:b:c" is no address of a Consul agent; write host:port/],
    ['consul://127.0.0.1:99999', /"127\.0\.0\.1:99999" is no address of a Consul agent; write host:port/],
    ['consul://127.0.0.1?wait=1', /has an unknown parameter wait; it takes dc, ns, partition, token, stale$/],
    ['static:', /^registry: "static:" does not name nodes; write 'static:hello=host:port/],
    ['static:hello=', /^static\.hello: \[\] is no list of addresses; give at least one$/],
    ['static:hello=127.0.0.1', /^static\.hello: "127\.0\.0\.1" is no address; write host:port/],
    ['static:hello=127.0.0.1:0', /^static\.hello: "127\.0\.0\.1:0" has no port; give the port/],
    [{}, /^registry: \{\} is no registry; .* or pass a Registry$/],
    [5, /^registry: 5 is no registry; write/],
  ])('has to be written as one: %j', async (registry, message) => {
    const error = await failure(() => meshWith({ registry: untyped(registry) }));
    expect(error).toBeInstanceOf(ConfigError);
    expect(error.message).toMatch(message);
  });
});

describe('a service', () => {
  it('that nobody has registered is refused at once', async () => {
    const hello = meshWith().client(HelloService, { service: 'hello' });
    let error = new Error('not called');
    const refusedMs = await steadyMs(async () => {
      error = await failure(() => hello.anything({ name: 'x' }));
    });
    expect(refusedMs).toBeLessThan(200);
    expect(error).toBeInstanceOf(CallError);
    expect(error).toMatchObject({ code: status.UNAVAILABLE, reason: 'noNode' });
    expect(error.message.replace(/in \d+ ms/, 'in T ms')).toBe(
      "14 UNAVAILABLE: hello.v1.Hello/Anything failed after 0 attempts in T ms: no node of hello is registered at memory; start one, or check the service's name",
    );
  });

  it('whose nodes are all dead names each, and why', async () => {
    const port = await freePort();
    const mesh = meshWith({ registry: `static:hello=127.0.0.1:${port}` });
    const hello = mesh.client(HelloService, { service: 'hello' });
    const error = await failure(() => hello.anything({ name: 'x' }, { timeoutMs: 20_000 }));
    expect(error).toMatchObject({ code: status.UNAVAILABLE, reason: 'noNode' });
    expect(error.message).toContain(
      `no node of hello is connected: hello@127.0.0.1:${port} 127.0.0.1:${port} connect ECONNREFUSED 127.0.0.1:${port}`,
    );
  });

  it('of which no node fits the filter names the filter', async () => {
    const mesh = meshWith();
    const builder = mesh.server('hello', { version: '1' }).add(HelloService, helloHandlers());
    await builder.start({ drain: { lameDuckMs: 0 } });
    const hello = mesh.client(HelloService, {
      service: 'hello',
      filter: { version: '2', labels: { zone: 'b' } },
    });
    const error = await failure(() => hello.anything({ name: 'x' }));
    expect(error.message).toContain(
      'no node of hello matches version 2, zone=b: 1 registered; loosen the filter or start such a node',
    );
  });

  it.each(['hello_world', 'hello world', 'Hello.World', '-x', 'a'.repeat(64)])(
    'may not have a name that Consul cannot hold: %s',
    async (name) => {
      const builder = meshWith().server(name).add(HelloService, helloHandlers());
      const error = await failure(() => builder.start());
      expect(error).toBeInstanceOf(ConfigError);
      expect(error.message).toBe(
        `service: ${JSON.stringify(name)} is no service name; give a DNS label: 1 to 63 letters, digits and hyphens, no hyphen at either end`,
      );
    },
  );

  it('is asked for by a name', async () => {
    const mesh = meshWith();
    expect((await failure(() => mesh.client(HelloService))).message).toBe(
      "mesh.client service: undefined does not say where hello.v1.Hello is registered; pass { service: 'name' }, or createMesh({ services: { 'hello.v1.Hello': 'name' } })",
    );
    expect((await failure(() => mesh.client(HelloService, { service: '' }))).message).toBe(
      'mesh.client.service: "" names nothing; give a name',
    );
    expect((await failure(() => mesh.channel(untyped(5)))).message).toBe(
      'mesh.channel service: 5 is not a string; give a string',
    );
  });
});
