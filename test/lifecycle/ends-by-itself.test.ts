import { createServer, type Socket } from 'node:net';
import { freePort } from '@micromesh/cli/stage';
import { HelloService, helloHandlers } from '@micromesh/service-hello';
import { createMesh, type Mesh, memory } from 'micromesh';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { portOf } from './port-of.js';
import { type Ended, runUntilSoon } from './program.js';

vi.setConfig({ testTimeout: 180_000 });

let mesh: Mesh;
let address: string;
const sockets: Socket[] = [];
/** Takes connections and says nothing. */
const mute = createServer((socket) => sockets.push(socket));

beforeAll(async () => {
  mesh = createMesh({ registry: memory(), logger: { debug() {}, info() {}, warn() {}, error() {} } });
  const running = await mesh
    .server('hello')
    .add(HelloService, helloHandlers())
    .start({ drain: { lameDuckMs: 0 } });
  address = running.address;
  await new Promise<void>((resolve) => mute.listen(0, '127.0.0.1', resolve));
});
afterAll(async () => {
  await mesh.close();
  for (const socket of sockets) socket.destroy();
  mute.close();
});

function expectSoon({ endedSoon, status, errors }: Ended): void {
  expect({ errors, status, endedSoon }).toEqual({ errors: '', status: 0, endedSoon: true });
}

/** @param timeoutMs - of the call: a program that has just begun may need a second on a busy machine. */
const callAndClose = (timeoutMs: number) => `
  const hello = mesh.client(HelloService, { service: 'hello' });
  console.log(await hello.anything({ name: 'xuxu' }, { timeoutMs: ${timeoutMs} }).catch(({ code, reason }) => [code, reason]));
  await mesh.close();
  done();
`;

describe('a program that makes a mesh, calls and closes it ends by itself', () => {
  it('with nodes that answer', async () => {
    const ended = await runUntilSoon(
      `const mesh = createMesh({ registry: 'static:hello=${address}', logger });${callAndClose(5000)}`,
    );
    expect(ended.output).toBe("{ msg: 'Hello xuxu' }\n");
    expectSoon(ended);
  });

  it.each([
    'await hello.collect(5).catch((error) => error.name)',
    'await hello.chat(undefined).next().catch((error) => error.name)',
    'await cancelled((signal) => hello.collect(endless(), { signal }))',
    'await cancelled((signal) => hello.chat(endless(), { signal }).next())',
  ])('after a call that ended as soon as it had begun: %s', async (call) => {
    const ended = await runUntilSoon(`
      const mesh = createMesh({ registry: 'static:hello=${address}', logger });
      async function* endless() { yield { name: 'one' }; await new Promise(() => {}); }
      async function cancelled(call) {
        const controller = new AbortController();
        const outcome = call(controller.signal).catch((error) => error.name);
        controller.abort();
        return outcome;
      }
      const hello = mesh.client(HelloService, { service: 'hello' });
      await hello.anything({ name: 'xuxu' });
      ${call};
      await hello.anything({ name: 'xuxu' });
      await mesh.close();
      done();
    `);
    expectSoon(ended);
  });

  it('with nodes that never were there', async () => {
    const port = await freePort();
    const ended = await runUntilSoon(
      `const mesh = createMesh({ registry: 'static:hello=127.0.0.1:${port}', logger });${callAndClose(300)}`,
    );
    expect(ended.output).toBe("[ 4, 'noNode' ]\n");
    expectSoon(ended);
  });

  it('with a node that takes connections and says nothing', async () => {
    const at = `127.0.0.1:${portOf(mute)}`;
    const ended = await runUntilSoon(
      `const mesh = createMesh({ registry: 'static:hello=${at}', logger });${callAndClose(300)}`,
    );
    expect(ended.output).toBe("[ 4, 'noNode' ]\n");
    expectSoon(ended);
  });

  it.each(['by its name', 'as an object'])('with a Consul that was never there (%s)', async (how) => {
    const at = `127.0.0.1:${await freePort()}`;
    const registry = how === 'by its name' ? `'consul://${at}'` : `consul({ address: '${at}' })`;
    const ended = await runUntilSoon(
      `const mesh = createMesh({ registry: ${registry}, logger });${callAndClose(300)}`,
    );
    expect(ended.output).toBe("[ 4, 'registryUnknown' ]\n");
    expectSoon(ended);
  });

  it.each(['by its name', 'as an object'])('with a Consul that says nothing (%s)', async (how) => {
    const at = `127.0.0.1:${portOf(mute)}`;
    const registry = how === 'by its name' ? `'consul://${at}'` : `consul({ address: '${at}' })`;
    const ended = await runUntilSoon(
      `const mesh = createMesh({ registry: ${registry}, logger });${callAndClose(300)}`,
    );
    expect(ended.output).toBe("[ 4, 'registryUnknown' ]\n");
    expectSoon(ended);
  });

  it('with calls under way, and the default logger', async () => {
    const ended = await runUntilSoon(`
      const mesh = createMesh({ registry: 'static:hello=${address}' });
      const hello = mesh.client(HelloService, { service: 'hello' });
      await hello.anything({ name: 'first' });
      const calls = [hello.anything({ name: 'x' }), hello.chat(never()).next(), hello.collect(never())];
      async function* never() { yield { name: 'x' }; await new Promise(() => {}); }
      for (const call of calls) call.catch(() => {});
      await mesh.close();
      done();
    `);
    expectSoon(ended);
  });

  it('with `await using`-like disposal', async () => {
    const ended = await runUntilSoon(`
      const mesh = createMesh({ registry: 'static:hello=${address}', logger });
      mesh.client(HelloService, { service: 'hello' });
      await mesh[Symbol.asyncDispose]();
      done();
    `);
    expectSoon(ended);
  });
});

describe('a program with a server ends by itself', () => {
  const SERVE = (registry: string, start: string) => `
    const mesh = createMesh({ registry: ${registry}, logger });
    const running = await mesh.server('hello').add(HelloService, helloHandlers()).start(${start});
  `;

  it('after stop(), with a client of it that is not closed', async () => {
    const ended =
      await runUntilSoon(`${SERVE("'memory:'", "{ drain: { lameDuckMs: 0 }, signals: ['SIGTERM'] }")}
      const hello = mesh.client(HelloService, { service: 'hello' });
      await hello.anything({ name: 'x' });
      await running.stop();
      await mesh.close();
      done();
    `);
    expectSoon(ended);
  });

  it('after stop() alone', async () => {
    const ended = await runUntilSoon(`${SERVE("'memory:'", '{ drain: { lameDuckMs: 0 } }')}
      await running.stop();
      done();
    `);
    expectSoon(ended);
  });

  it('after stop() alone, with a Consul that was never there and register: false', async () => {
    const at = `127.0.0.1:${await freePort()}`;
    const ended =
      await runUntilSoon(`${SERVE(`'consul://${at}'`, '{ drain: { lameDuckMs: 0 }, register: false }')}
      await running.stop();
      done();
    `);
    expectSoon(ended);
  });

  it('after mesh.close(), which stops it', async () => {
    const ended = await runUntilSoon(`${SERVE("'memory:'", '{ drain: { lameDuckMs: 0 } }')}
      await mesh.close();
      console.log(running.state);
      done();
    `);
    expect(ended.output).toBe('stopped\n');
    expectSoon(ended);
  });

  it('after a signal', async () => {
    const ended =
      await runUntilSoon(`${SERVE("'memory:'", "{ drain: { lameDuckMs: 0 }, signals: ['SIGTERM'] }")}
      mesh.client(HelloService, { service: 'other' });
      running.stopped.then(done);
      process.kill(process.pid, 'SIGTERM');
    `);
    expectSoon(ended);
  });

  it('when the mesh is closed before the server has started', async () => {
    const ended = await runUntilSoon(`
      const mesh = createMesh({ registry: 'memory:', logger });
      const starting = mesh.server('hello').add(HelloService, helloHandlers()).start({ drain: { lameDuckMs: 0 } });
      const outcome = starting.then(() => 'started', (error) => error.message);
      await mesh.close();
      console.log(await outcome);
      done();
    `);
    expect(ended.output).toMatch(/^the mesh was closed; start its servers before mesh\.close\(\)\n$/);
    expectSoon(ended);
  });

  it('when the mesh is closed while the server waits for its registry', async () => {
    const at = `127.0.0.1:${await freePort()}`;
    const ended = await runUntilSoon(`
      const mesh = createMesh({ registry: 'consul://${at}', logger });
      const starting = mesh.server('hello').add(HelloService, helloHandlers()).start({ drain: { lameDuckMs: 0 } });
      const outcome = starting.then(() => 'started', (error) => error.message);
      setTimeout(async () => {
        await mesh.close();
        done();
        console.log(await outcome);
      }, 300);
    `);
    expect(ended.output).toMatch(/^(hello-\w+ was stopped before it had started|the mesh was closed; .*)\n$/);
    expectSoon(ended);
  });
});
