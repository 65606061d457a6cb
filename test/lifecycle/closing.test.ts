import { createServer, type Socket } from 'node:net';
import { freePort } from '@micromesh/cli/stage';
import { HelloService, helloHandlers } from '@micromesh/service-hello';
import { createMesh, memory, type Registry } from 'micromesh';
import { expect, it } from 'vitest';
import { portOf } from './port-of.js';

const logger = { debug() {}, info() {}, warn() {}, error() {} };

it('a mesh that is closed as soon as it has a client leaves no connection behind', async () => {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket)).on('error', () => {});
    socket.resume();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  for (let round = 0; round < 10; round++) {
    const mesh = createMesh({ registry: `static:hello=127.0.0.1:${portOf(server)}`, logger });
    mesh.client(HelloService, { service: 'hello' });
    await mesh.close();
  }
  // One more connection, later than any that they have begun.
  const last = createMesh({ registry: `static:hello=127.0.0.1:${portOf(server)}`, logger });
  last.client(HelloService, { service: 'hello' });
  await expect.poll(() => sockets.size).toBeGreaterThan(0);
  await last.close();
  await expect.poll(() => sockets.size).toBe(0);
  await new Promise((resolve) => server.close(resolve));
});

it('a mesh that is closed while a server starts is closed when that has been refused, and the port is free', async () => {
  const port = await freePort();
  const mesh = createMesh({ registry: 'memory:', logger });
  const starting = mesh
    .server('hello')
    .add(HelloService, helloHandlers())
    .start({ listen: `127.0.0.1:${port}` });
  let refused: unknown;
  starting.catch((error: unknown) => {
    refused = error;
  });
  await mesh.close();
  expect(refused).toEqual(new Error('the mesh was closed; start its servers before mesh.close()'));
  await new Promise<void>((resolve, reject) => {
    const next = createServer().on('error', reject);
    next.listen(port, '127.0.0.1', () => next.close(() => resolve()));
  });
});

it('a mesh that is closed while a server waits for its registry does not wait for that', async () => {
  let asked = () => {};
  const waiting = new Promise<void>((resolve) => {
    asked = resolve;
  });
  const registry: Registry = Object.assign(memory(), {
    register: () => {
      asked();
      return new Promise<never>(() => {});
    },
  });
  const mesh = createMesh({ registry, logger });
  const starting = mesh
    .server('hello')
    .add(HelloService, helloHandlers())
    .start({ drain: { lameDuckMs: 0 } });
  let refused = '';
  starting.catch((error: unknown) => {
    refused = String(error);
  });
  await waiting;
  await mesh.close();
  expect(refused).toMatch(/was stopped before it had started/);
});
