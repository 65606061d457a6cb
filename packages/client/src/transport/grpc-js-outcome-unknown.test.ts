import { constants } from 'node:http2';
import type { Socket } from 'node:net';
import { status } from '@grpc/grpc-js';
import { afterEach, describe, expect, it } from 'vitest';
import { ANSWERED, BROKEN, DROPPED, endAfterHeaders, outcomeOf } from '../testing/raw-outcomes.js';
import { call, closeAll, connected, GRPC, serve } from '../testing/raw-server.js';

afterEach(closeAll);

function destroyAll(sockets: ReadonlySet<Socket>): void {
  for (const socket of sockets) socket.destroy();
}

function resetAll(sockets: ReadonlySet<Socket>): void {
  for (const socket of sockets) socket.resetAndDestroy();
}

describe('a connection that breaks leaves it unknown whether the request was handled', () => {
  it.each([
    ['closed', destroyAll],
    ['reset', resetAll],
  ])('before headers (%s)', async (_how, end) => {
    const outcome = await outcomeOf((_stream, sockets) => end(sockets));
    expect(outcome).toMatchObject(DROPPED);
    expect(outcome.details).toMatch(/^(Connection dropped|read ECONNRESET)$/);
  });

  it.each([
    ['closed', destroyAll],
    ['reset', resetAll],
  ])('after headers (%s)', async (_how, end) => {
    let breakNow: () => void = () => {};
    const port = await serve((stream, sockets) => {
      stream.respond(GRPC);
      breakNow = () => end(sockets);
    });
    const { headers, outcome } = call(await connected(port));
    await headers;
    breakNow();
    expect(await outcome).toMatchObject(DROPPED);
  });

  it('in the middle of a message', async () => {
    let breakNow: () => void = () => {};
    const port = await serve((stream, sockets) => {
      stream.respond(GRPC);
      // A message of 100 bytes, of which 3 come.
      stream.write(Buffer.from([0, 0, 0, 0, 100, 1, 2, 3]));
      breakNow = () => resetAll(sockets);
    });
    const { headers, outcome, messages } = call(await connected(port));
    await headers;
    breakNow();
    expect(await outcome).toMatchObject(DROPPED);
    expect(messages).toEqual([]);
  });

  it('also where grpc-js calls it a cancellation', async () => {
    expect(await outcomeOf((stream) => stream.close(constants.NGHTTP2_CANCEL))).toMatchObject({
      ...DROPPED,
      details: 'Call cancelled',
    });
  });

  it("but the same words in a server's trailers are its answer", async () => {
    for (const [code, message] of [
      [14, 'Connection dropped'],
      [1, 'Call cancelled'],
      [14, 'read ECONNRESET'],
      [14, 'Stream refused by server'],
    ] as const) {
      const outcome = await outcomeOf((stream) =>
        endAfterHeaders(stream, { 'grpc-status': String(code), 'grpc-message': message }),
      );
      expect(outcome).toMatchObject({ ...ANSWERED, code, details: message });
    }
  });
});

describe('a peer that breaks gRPC leaves it unknown whether the request was handled', () => {
  it.each([
    [
      'INTERNAL_ERROR',
      constants.NGHTTP2_INTERNAL_ERROR,
      status.INTERNAL,
      /^Received RST_STREAM with code 2 /,
    ],
    [
      'PROTOCOL_ERROR',
      constants.NGHTTP2_PROTOCOL_ERROR,
      status.INTERNAL,
      /^Received RST_STREAM with code 1$/,
    ],
    [
      'NO_ERROR',
      constants.NGHTTP2_NO_ERROR,
      status.INTERNAL,
      /^Received RST_STREAM with code 0 \(Call ended/,
    ],
    [
      'ENHANCE_YOUR_CALM',
      constants.NGHTTP2_ENHANCE_YOUR_CALM,
      status.RESOURCE_EXHAUSTED,
      /^Bandwidth exhausted/,
    ],
    [
      'INADEQUATE_SECURITY',
      constants.NGHTTP2_INADEQUATE_SECURITY,
      status.PERMISSION_DENIED,
      /^Protocol not secure/,
    ],
  ])('with RST_STREAM %s', async (_name, rstCode, code, details) => {
    expect(await outcomeOf((stream) => stream.close(rstCode))).toMatchObject({
      ...BROKEN,
      code,
      details: expect.stringMatching(details),
    });
  });

  it('with the end of a stream that has headers and no status', async () => {
    const outcome = await outcomeOf((stream) => {
      stream.respond(GRPC);
      stream.end();
    });
    expect(outcome).toMatchObject({ ...BROKEN, code: status.INTERNAL });
  });

  it('with half a message and the end of the stream', async () => {
    const outcome = await outcomeOf((stream) => {
      stream.respond(GRPC);
      stream.end(Buffer.from([0, 0, 0, 0, 100, 1, 2, 3]));
    });
    expect(outcome).toMatchObject({ ...BROKEN, code: status.INTERNAL });
  });

  it.each([
    ['a page', '<h1>no server is up</h1>'],
    ['nothing else', ''],
  ])('with HTTP 503 and %s, from something on the way', async (_what, body) => {
    const outcome = await outcomeOf((stream) => {
      stream.respond({ ':status': 503, 'content-type': 'text/html' }, { endStream: body === '' });
      if (body !== '') stream.end(body);
    });
    expect(outcome).toMatchObject({
      ...BROKEN,
      code: status.UNAVAILABLE,
      details: 'Received HTTP status code 503',
    });
  });

  it('with HTTP 200 and a page', async () => {
    const outcome = await outcomeOf((stream) => {
      stream.respond({ ':status': 200, 'content-type': 'text/html' });
      stream.end('<h1>welcome</h1>');
    });
    expect(outcome).toMatchObject({ ...BROKEN, code: status.RESOURCE_EXHAUSTED });
  });
});

describe('a closed connection', () => {
  it('ends calls that nobody answers, and leaves no socket', async () => {
    let inHandler: () => void = () => {};
    const handled = new Promise<void>((resolve) => {
      inHandler = resolve;
    });
    let gone: Promise<void> | undefined;
    const port = await serve((_stream, sockets) => {
      gone = Promise.all([...sockets].map((socket) => new Promise((done) => socket.on('close', done)))).then(
        () => undefined,
      );
      inHandler();
    });
    const connection = await connected(port);
    const { outcome } = call(connection);
    await handled;
    connection.close();
    expect(await outcome).toMatchObject(DROPPED);
    await gone;
  });
});
