import { constants, type ServerHttp2Stream } from 'node:http2';
import { createServer, type Socket } from 'node:net';
import { type ChannelOptions, Metadata, status } from '@grpc/grpc-js';
import type { Outcome } from '@micromesh/core';
import { afterEach, describe, expect, it } from 'vitest';
import {
  call,
  closeAll,
  closeLater,
  connected,
  GRPC,
  portOf,
  REQUEST,
  type StreamAct,
  serve,
} from '../testing/raw-server.js';
import type { WireListener } from './transport.js';

afterEach(closeAll);

/** What an attempt comes to on a server that does one thing with each stream. */
async function outcomeOf(act: StreamAct, channelOptions: ChannelOptions = {}): Promise<Outcome> {
  return call(await connected(await serve(act), 'ready', channelOptions)).outcome;
}

const UNSENT = { code: status.UNAVAILABLE, origin: 'local', delivery: 'unsent' };
const DROPPED = { code: status.UNAVAILABLE, origin: 'local', delivery: 'unknown', reason: 'dropped' };
const BROKEN = { origin: 'local', delivery: 'unknown', reason: 'protocol' };
const ANSWERED = { origin: 'remote', delivery: 'answered', reason: 'none' };

/** Ends a stream with trailers after its headers. */
function endAfterHeaders(stream: ServerHttp2Stream, trailers: Record<string, string>): void {
  stream.respond(GRPC, { waitForTrailers: true });
  stream.on('wantTrailers', () => stream.sendTrailers(trailers));
  stream.end();
}

function endWithoutHeaders(stream: ServerHttp2Stream, code: number, message: string): void {
  stream.respond({ ...GRPC, 'grpc-status': String(code), 'grpc-message': message }, { endStream: true });
}

describe('a request that did not leave the process is unsent', () => {
  it('where the connection is refused', async () => {
    const server = createServer();
    const port = await portOf(server);
    await new Promise((resolve) => server.close(resolve));
    const connection = await connected(port, 'failed');
    expect(await call(connection).outcome).toMatchObject({
      ...UNSENT,
      reason: 'connect',
      details: expect.stringContaining('ECONNREFUSED'),
    });
  });

  it('where the channel is closed while the call waits for the connection', async () => {
    // Accepts, and says nothing: no HTTP/2 settings come.
    const silent = createServer();
    const port = await portOf(silent);
    const sockets: Socket[] = [];
    silent.on('connection', (socket) => sockets.push(socket));
    closeLater({
      close: () => {
        for (const socket of sockets) socket.destroy();
        silent.close();
      },
    });
    const connection = await connected(port, 'connecting');
    const { outcome } = call(connection);
    connection.close();
    expect(await outcome).toMatchObject({
      ...UNSENT,
      reason: 'connect',
      details: 'Channel closed before call started',
    });
  });

  it('where the channel is closed already', async () => {
    const connection = await connected(await serve(() => {}));
    connection.close();
    expect(await call(connection).outcome).toMatchObject({
      ...UNSENT,
      reason: 'connect',
      details: 'Channel closed before call started',
    });
  });

  it('where it is larger than the client may send', async () => {
    let streams = 0;
    const port = await serve(() => streams++);
    const connection = await connected(port, 'ready', { 'grpc.max_send_message_length': 10 });
    expect(await call(connection, Buffer.alloc(11)).outcome).toMatchObject({
      code: status.RESOURCE_EXHAUSTED,
      details: expect.stringMatching(/^Attempted to send message with a size larger than/),
      origin: 'local',
      delivery: 'unsent',
      reason: 'protocol',
    });
  });
});

describe('a stream that the server turned away is unsent', () => {
  it('by REFUSED_STREAM', async () => {
    expect(await outcomeOf((stream) => stream.close(constants.NGHTTP2_REFUSED_STREAM))).toMatchObject({
      ...UNSENT,
      reason: 'refused',
      details: 'Stream refused by server',
    });
  });

  it('by a GOAWAY whose last stream is before it', async () => {
    const { port } = await goingAway(0, constants.NGHTTP2_NO_ERROR);
    expect(await call(await connected(port)).outcome).toMatchObject({
      ...UNSENT,
      reason: 'refused',
      details: 'Stream refused by server',
    });
  });

  it('but not by a GOAWAY with an error: Node hides which stream was the last', async () => {
    const { port } = await goingAway(0, constants.NGHTTP2_ENHANCE_YOUR_CALM);
    expect(await call(await connected(port)).outcome).toMatchObject(BROKEN);
  });

  it('but not where a GOAWAY covers it and the connection breaks without an answer', async () => {
    const { port, said } = await goingAway(1, constants.NGHTTP2_NO_ERROR);
    const { outcome } = call(await connected(port));
    (await said).destroy();
    expect(await outcome).toMatchObject(DROPPED);
  });

  it('but not by REFUSED_STREAM after its headers: it was begun', async () => {
    let refuse: () => void = () => {};
    const port = await serve((stream) => {
      stream.respond(GRPC);
      refuse = () => stream.close(constants.NGHTTP2_REFUSED_STREAM);
    });
    const { headers, outcome } = call(await connected(port));
    await headers;
    refuse();
    expect((await outcome).delivery).not.toBe('unsent');
  });

  it('but not by the same words of a server that speaks of another connection', async () => {
    const words = ['No connection established', 'Stream refused by server', 'Connection dropped'];
    for (const message of words) {
      const outcome = await outcomeOf((stream) => endWithoutHeaders(stream, 14, message));
      expect(outcome).toMatchObject({ ...ANSWERED, code: 14, details: message });
    }
  });
});

/** A server that answers each stream with GOAWAY; `said` gives the socket once that is sent. */
async function goingAway(lastStream: number, code: number): Promise<{ port: number; said: Promise<Socket> }> {
  let onSaid: (socket: Socket) => void = () => {};
  const said = new Promise<Socket>((resolve) => {
    onSaid = resolve;
  });
  const server = createServer((socket) => {
    socket.on('error', () => {});
    closeLater({ close: () => socket.destroy() });
    // SETTINGS, empty.
    socket.write(Buffer.from('000000040000000000', 'hex'));
    let seen = Buffer.alloc(0);
    socket.on('data', (bytes: Buffer) => {
      seen = Buffer.concat([seen, bytes]);
      if (!seen.includes('/probe.v1.Probe') && !hasHeaders(seen)) return;
      seen = Buffer.alloc(0);
      const goaway = Buffer.from('0000080700000000000000000000000000', 'hex');
      goaway.writeUInt32BE(lastStream, 9);
      goaway.writeUInt32BE(code, 13);
      socket.write(goaway, () => onSaid(socket));
    });
  });
  closeLater(server);
  return { port: await portOf(server), said };
}

/** Whether the bytes of a client's connection have a HEADERS frame after the 24 bytes of preface. */
function hasHeaders(bytes: Buffer): boolean {
  for (let at = 24; at + 9 <= bytes.length; at += 9 + bytes.readUIntBE(at, 3))
    if (bytes[at + 3] === 1) return true;
  return false;
}

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

describe('what a server says is its answer', () => {
  it('with headers, or without', async () => {
    const error = { 'grpc-status': '9', 'grpc-message': 'no' };
    const expected = { ...ANSWERED, code: 9, details: 'no' };
    expect(await outcomeOf((stream) => endAfterHeaders(stream, error))).toMatchObject(expected);
    expect(await outcomeOf((stream) => endWithoutHeaders(stream, 9, 'no'))).toMatchObject(expected);
    expect(await outcomeOf((stream) => endAfterHeaders(stream, { 'grpc-status': '0' }))).toMatchObject({
      ...ANSWERED,
      code: 0,
    });
  });

  it('also where the client still writes, and grpc-js puts an error of its own in the place of OK', async () => {
    let onTrailers: () => void = () => {};
    const trailersCame = new Promise<void>((resolve) => {
      onTrailers = resolve;
    });
    const port = await serve((stream) => {
      stream.respond(GRPC, { waitForTrailers: true });
      stream.on('wantTrailers', () => {
        stream.sendTrailers({ 'grpc-status': '0' });
        // What was sent before a ping has come when it is answered.
        stream.session?.ping(onTrailers);
      });
      stream.end(Buffer.from([0, 0, 0, 0, 0]));
    });
    const connection = await connected(port);
    const outcome = await new Promise<Outcome>((resolve) => {
      const listener: WireListener = { onHeaders() {}, onMessage() {}, onEnd: resolve };
      const wire = connection.call({ ...REQUEST, metadata: new Metadata() }, listener);
      void trailersCame.then(() => wire.send(Buffer.from('x'), 0, undefined));
    });
    expect(outcome).toMatchObject({
      code: status.INTERNAL,
      details: 'Write error: write after end',
      origin: 'local',
      delivery: 'answered',
      reason: 'protocol',
    });
  });

  it('with a message that is larger than the client takes', async () => {
    const outcome = await outcomeOf((stream) => {
      stream.respond(GRPC);
      stream.write(Buffer.from([0, 1, 0, 0, 0, 1, 2, 3]));
    });
    expect(outcome).toMatchObject({
      ...ANSWERED,
      code: status.RESOURCE_EXHAUSTED,
      details: expect.stringMatching(/^Received message larger than max/),
    });
  });

  it('as UNKNOWN with a status that is no number', async () => {
    const outcome = await outcomeOf((stream) =>
      stream.respond({ ...GRPC, 'grpc-status': 'banana' }, { endStream: true }),
    );
    expect(outcome).toMatchObject({ ...ANSWERED, code: status.UNKNOWN });
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
