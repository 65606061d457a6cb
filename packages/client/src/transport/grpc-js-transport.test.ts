import { constants, createServer as createHttp2Server } from 'node:http2';
import { createServer, type Socket } from 'node:net';
import { status } from '@grpc/grpc-js';
import { afterEach, describe, expect, it } from 'vitest';
import { call, closeAll, closeLater, connected, GRPC, portOf } from '../testing/raw-server.js';

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
