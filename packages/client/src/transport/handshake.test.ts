import { createServer, type Socket } from 'node:net';
import { systemClock } from '@micromesh/core';
import { expect, it } from 'vitest';
import { closeAll, closeLater, portOf } from '../testing/raw-server.js';
import { GrpcJsTransport } from './grpc-js-transport.js';

/** A server that accepts connections and says nothing. */
async function muteServer() {
  const open = new Set<Socket>();
  let seen = 0;
  const server = createServer((socket) => {
    seen++;
    open.add(socket);
    socket.on('close', () => open.delete(socket)).on('error', () => {});
    socket.resume();
  });
  const port = await portOf(server);
  closeLater(server);
  return {
    port,
    get seen() {
      return seen;
    },
    get open() {
      return open.size;
    },
  };
}

function connect(port: number, connectTimeoutMs: number) {
  const transport = new GrpcJsTransport({ clock: systemClock, connectTimeoutMs });
  const address = { kind: 'tcp', host: '127.0.0.1', port } as const;
  const node = { id: 'mute', address, version: '', labels: {}, weight: 1, micromesh: false };
  return transport.connect(node, () => {});
}

it('a handshake that takes too long keeps no socket: one at a time, however often it is tried', async () => {
  const server = await muteServer();
  const connection = connect(server.port, 50);
  let most = 0;
  await expect
    .poll(
      () => {
        most = Math.max(most, server.open);
        return server.seen;
      },
      { interval: 5, timeout: 5000 },
    )
    .toBeGreaterThan(3);
  expect(most).toBe(1);
  connection.close();
  await expect.poll(() => server.open).toBe(0);
  closeAll();
});

it('a handshake that is under way ends when its connection is closed', async () => {
  const server = await muteServer();
  const connection = connect(server.port, 10_000);
  await expect.poll(() => server.open).toBe(1);
  connection.close();
  await expect.poll(() => server.open).toBe(0);
  closeAll();
});

it('a connection that is closed in the turn that it was opened in leaves no socket', async () => {
  const server = await muteServer();
  for (let index = 0; index < 10; index++) connect(server.port, 10_000).close();
  const last = connect(server.port, 10_000);
  await expect.poll(() => server.seen).toBe(1);
  last.close();
  await expect.poll(() => server.open).toBe(0);
  closeAll();
});
