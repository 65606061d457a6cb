import { createServer as createHttp2Server, type Http2Server, type ServerHttp2Stream } from 'node:http2';
import type { Server as NetServer, Socket } from 'node:net';
import { type ChannelOptions, Metadata } from '@grpc/grpc-js';
import { type Outcome, type ServiceNode, systemClock } from '@micromesh/core';
import { GrpcJsTransport } from '../transport/grpc-js-transport.js';
import type {
  Connection,
  ConnectionSettings,
  ConnectionState,
  WireListener,
} from '../transport/transport.js';

/** Response headers of a gRPC server. */
export const GRPC = { ':status': 200, 'content-type': 'application/grpc+proto' };
/** A call's request, but for its metadata. */
export const REQUEST = { path: '/probe.v1.Probe/Unary', host: undefined, credentials: undefined };

/** Acts on a stream; has the sockets of the server's connections at hand. */
export type StreamAct = (stream: ServerHttp2Stream, sockets: ReadonlySet<Socket>) => void;

const open: { close(): unknown }[] = [];

/** Has something closed by {@link closeAll}. */
export function closeLater(closeable: { close(): unknown }): void {
  open.push(closeable);
}

/** Closes servers and connections, the last first. */
export function closeAll(): void {
  for (const each of open.splice(0).reverse()) each.close();
}

function nodeAt(port: number): ServiceNode {
  return {
    id: `node-${port}`,
    address: { kind: 'tcp', host: '127.0.0.1', port },
    version: '',
    labels: {},
    weight: 1,
    micromesh: false,
  };
}

/** Listens on a free port. */
export async function portOf(server: Http2Server | NetServer): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

/** A server that does one thing with each stream, and what its sessions stand on. */
export async function serve(
  act: (stream: ServerHttp2Stream, sockets: ReadonlySet<Socket>) => void,
): Promise<number> {
  const server = createHttp2Server();
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => sockets.add(socket));
  server.on('sessionError', () => {});
  server.on('stream', (stream) => {
    stream.on('error', () => {});
    act(stream, sockets);
  });
  const port = await portOf(server);
  open.push({
    close: () => {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  });
  return port;
}

/** Opens a connection; waits until it is ready, unless it is not to be. */
export async function connected(
  port: number,
  wanted: ConnectionState = 'ready',
  channelOptions: ChannelOptions = {},
  settings?: ConnectionSettings,
  onState: (state: ConnectionState, cause: string) => void = () => {},
): Promise<Connection> {
  const transport = new GrpcJsTransport({ clock: systemClock, channelOptions });
  let reached: () => void = () => {};
  const state = new Promise<void>((resolve) => {
    reached = resolve;
  });
  const connection = transport.connect(
    nodeAt(port),
    (now, cause) => {
      onState(now, cause);
      if (now === wanted) reached();
    },
    settings,
  );
  open.push(connection);
  if (connection.state !== wanted) await state;
  return connection;
}

/** What a call hears. */
export interface Heard {
  readonly outcome: Promise<Outcome>;
  /** Resolves with the response headers. */
  readonly headers: Promise<void>;
  readonly messages: Buffer[];
}

/** Makes one call with one message. */
export function call(connection: Connection, bytes = Buffer.from('x')): Heard {
  const messages: Buffer[] = [];
  let onHeaders: () => void = () => {};
  const headers = new Promise<void>((resolve) => {
    onHeaders = resolve;
  });
  const outcome = new Promise<Outcome>((resolve) => {
    const listener: WireListener = {
      onHeaders,
      onMessage: (message) => void messages.push(message),
      onEnd: resolve,
    };
    const wire = connection.call({ ...REQUEST, metadata: new Metadata() }, listener);
    wire.read();
    wire.send(bytes, 0, undefined);
    wire.halfClose();
  });
  return { outcome, headers, messages };
}
