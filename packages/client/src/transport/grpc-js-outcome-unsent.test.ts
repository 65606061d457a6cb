import { constants } from 'node:http2';
import { createServer, type Socket } from 'node:net';
import { status } from '@grpc/grpc-js';
import { afterEach, describe, expect, it } from 'vitest';
import { ANSWERED, BROKEN, DROPPED, endWithoutHeaders, outcomeOf, UNSENT } from '../testing/raw-outcomes.js';
import { call, closeAll, closeLater, connected, GRPC, portOf, serve } from '../testing/raw-server.js';

afterEach(closeAll);

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
