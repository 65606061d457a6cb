import { createServer, type Socket } from 'node:net';
import { HelloService } from '@micromesh/service-hello';
import { createMesh } from 'micromesh';
import { expect, it } from 'vitest';
import { portOf } from './port-of.js';

it('a mesh that is closed as soon as it has a client leaves no connection behind', async () => {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket)).on('error', () => {});
    socket.resume();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const logger = { debug() {}, info() {}, warn() {}, error() {} };
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
