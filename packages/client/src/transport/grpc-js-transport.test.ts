import { constants, createServer as createHttp2Server } from 'node:http2';
import { createServer, type Socket } from 'node:net';
import { status } from '@grpc/grpc-js';
import { afterEach, describe, expect, it } from 'vitest';
import { call, closeAll, closeLater, connected, GRPC, portOf } from '../testing/raw-server.js';
import type { ConnectionSettings, ConnectionState } from './transport.js';

afterEach(closeAll);

describe('a connection that the server drains, and that no other can replace', () => {
  it('still brings the answer of a call that was sent on it: to call it unsent would run it twice', async () => {
    let answer: () => void = () => {};
    const http2 = createHttp2Server();
    http2.on('stream', (stream) => {
      answer = () => {
        stream.respond(GRPC, { waitForTrailers: true });
        stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
        stream.end();
      };
      stream.session?.goaway(constants.NGHTTP2_NO_ERROR);
    });
    const sockets: Socket[] = [];
    let third: () => void = () => {};
    const givenUp = new Promise<void>((resolve) => {
      third = resolve;
    });
    const server = createServer((socket) => {
      socket.on('error', () => {});
      const count = sockets.push(socket);
      // The first gets an HTTP/2 session; those after it are accepted and hear nothing.
      if (count === 1) http2.emit('connection', socket);
      if (count === 3) third();
    });
    const port = await portOf(server);
    closeLater({
      close: () => {
        for (const socket of sockets) socket.destroy();
        server.close();
      },
    });
    const { outcome } = call(await connected(port));
    await givenUp;
    answer();
    expect(await outcome).toMatchObject({ code: status.OK, delivery: 'answered' });
  });
});

describe('what an operator says of connections', () => {
  const NOTHING: ConnectionSettings = { connectTimeoutMs: undefined, keepalive: undefined, idleTimeoutMs: 0 };

  it('connectTimeoutMs bounds how long one is waited for', async () => {
    const silent = createServer((socket) => closeLater({ close: () => socket.destroy() }));
    closeLater(silent);
    const port = await portOf(silent);
    let cause = '';
    await connected(port, 'failed', {}, { ...NOTHING, connectTimeoutMs: 50 }, (_, why) => {
      cause = why;
    });
    expect(cause).toBe('no answer to the connection within 50 ms');
  });

  it('keepalive asks with PING frames, be there calls or none, whatever code says', async () => {
    let pings = 0;
    let onTwo: () => void = () => {};
    const two = new Promise<void>((resolve) => {
      onTwo = resolve;
    });
    const server = createHttp2Server();
    server.on('session', (session) => {
      session.on('ping', () => {
        pings++;
        if (pings === 2) onTwo();
      });
      closeLater({ close: () => session.destroy() });
    });
    const port = await portOf(server);
    closeLater(server);
    const keepalive = { intervalMs: 20, timeoutMs: 10_000 };
    await connected(port, 'ready', { 'grpc.keepalive_time_ms': 3_600_000 }, { ...NOTHING, keepalive });
    await two;
    expect(pings).toBe(2);
  });

  it('one that has nothing to do for idleTimeoutMs is made anew, and its node is not down meanwhile', async () => {
    let sessions = 0;
    const server = createHttp2Server();
    server.on('session', (session) => {
      sessions++;
      closeLater({ close: () => session.destroy() });
    });
    const port = await portOf(server);
    closeLater(server);
    const states: ConnectionState[] = [];
    let onAnew: () => void = () => {};
    const anew = new Promise<void>((resolve) => {
      onAnew = resolve;
    });
    // grpc-js knows no shorter one.
    await connected(port, 'ready', {}, { ...NOTHING, idleTimeoutMs: 1000 }, (state) => {
      states.push(state);
      if (states.length === 3) onAnew();
    });
    await anew;
    expect([states, sessions]).toEqual([['ready', 'connecting', 'ready'], 2]);
  });

  it('one that the server closes before idleTimeoutMs is down all the same', async () => {
    const server = createHttp2Server();
    const port = await portOf(server);
    closeLater(server);
    server.on('session', (session) => {
      closeLater({ close: () => session.destroy() });
      server.close();
      setTimeout(() => session.destroy(), 20);
    });
    let onLoss: (state: ConnectionState) => void = () => {};
    const loss = new Promise<ConnectionState>((resolve) => {
      onLoss = resolve;
    });
    await connected(port, 'ready', {}, { ...NOTHING, idleTimeoutMs: 3_600_000 }, (state) => {
      if (state !== 'ready') onLoss(state);
    });
    expect(await loss).toBe('failed');
  });
});
