import { once } from 'node:events';
import { type Agent, get } from 'node:http';
import { createServer, type Server, type Socket } from 'node:net';
import { systemClock } from '@micromesh/core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createSockets } from './agent-sockets.js';

let server: Server;
let port: number;
let pool: Agent;
let refused: number;
/** Of the agent's side. */
const sockets = new Set<Socket>();
/** What the agent does to a new connection. */
let greet: (socket: Socket) => void;

beforeEach(async () => {
  greet = () => {};
  refused = 0;
  server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => sockets.delete(socket));
    socket.resume();
    greet(socket);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  port = typeof address === 'object' && address !== null ? address.port : 0;
  const onRefused = () => {
    refused += 1;
  };
  const place = { kind: 'tcp', secure: false, host: '127.0.0.1', port } as const;
  pool = createSockets(place, {}, { onRefused }, systemClock);
});

afterEach(() => {
  pool.destroy();
  for (const socket of sockets) socket.destroy();
  server.close();
});

/** Asks, and gives how it ends. */
function ask(signal?: AbortSignal): Promise<string> {
  return new Promise((resolve) => {
    const options = { agent: pool, host: '127.0.0.1', port, ...(signal === undefined ? {} : { signal }) };
    const request = get(options, (response) => {
      response.resume();
      response.on('end', () => resolve('answered'));
    });
    request.on('error', (error) => resolve('code' in error ? String(error.code) : error.message));
  });
}

const wasRefused = (socket: Socket) => socket.resetAndDestroy();
const untilOpen = (count: number) => expect.poll(() => sockets.size).toBe(count);

describe('the connections to an agent', () => {
  it('are refused where a new one is reset while others stay', async () => {
    const waiting = ask();
    await untilOpen(1);
    greet = wasRefused;
    expect(await ask()).toBe('ECONNRESET');
    await expect.poll(() => refused).toBe(1);
    pool.destroy();
    await waiting;
  });

  it('are refused where a new one is ended without a word', async () => {
    const waiting = ask();
    await untilOpen(1);
    greet = (socket) => socket.end();
    expect(await ask()).toBe('ECONNRESET');
    await expect.poll(() => refused).toBe(1);
    pool.destroy();
    await waiting;
  });

  it('are not refused by an agent that dies, nor by one that we leave', async () => {
    const both = [ask(), ask()];
    await untilOpen(2);
    for (const socket of sockets) socket.resetAndDestroy();
    expect(await Promise.all(both)).toEqual(['ECONNRESET', 'ECONNRESET']);
    const left = new AbortController();
    const stays = ask();
    const goes = ask(left.signal);
    await untilOpen(2);
    left.abort();
    expect(await goes).toBe('ABORT_ERR');
    // Longer than it takes to tell.
    await new Promise((resolve) => systemClock.setTimer(200, () => resolve(undefined)));
    expect(refused).toBe(0);
    pool.destroy();
    await stays;
  });
});
