import type {
  Server,
  ServerDuplexStream,
  ServerReadableStream,
  ServerUnaryCall,
  ServerWritableStream,
  sendUnaryData,
} from '@grpc/grpc-js';
import { ConfigError } from '@micromesh/core';
import type { BoundHandler } from './bound-handler.js';
import type { CallRoom } from './call-room.js';
import { graceOf, RequestStream } from './request-stream.js';
import { SingleResponseCall } from './single-response-call.js';
import { StreamResponseCall } from './stream-response-call.js';

/**
 * Tells a grpc-js server of a method. Responses are bytes when they reach grpc-js.
 *
 * @throws ConfigError when the server has a method of that path already.
 */
export function serveMethod(server: Server, room: CallRoom, handler: BoundHandler): void {
  const { path, kind } = handler.method;
  const isNew =
    kind === 'unary'
      ? server.register(path, unaryHandler(room, handler), identity, singleDeserializer(handler), kind)
      : kind === 'serverStream'
        ? server.register(
            path,
            serverStreamHandler(room, handler),
            identity,
            singleDeserializer(handler),
            kind,
          )
        : server.register(path, streamHandler(room, handler), identity, deserializer(handler), kind);
  if (!isNew) {
    throw new ConfigError('server.add', path, 'is served already', 'add each service once');
  }
}

function streamHandler(room: CallRoom, handler: BoundHandler) {
  const afterEnd = graceOf(room.clock);
  switch (handler.method.kind) {
    case 'clientStream':
      return (call: ServerReadableStream<unknown, Buffer>, reply: sendUnaryData<Buffer>) =>
        new SingleResponseCall(room, handler, call, new RequestStream(call, afterEnd), reply).begin();
    default:
      return (call: ServerDuplexStream<unknown, Buffer>) =>
        new StreamResponseCall(room, handler, call, new RequestStream(call, afterEnd), call).begin();
  }
}

function unaryHandler(room: CallRoom, handler: BoundHandler) {
  return (call: ServerUnaryCall<SingleRequest, Buffer>, reply: sendUnaryData<Buffer>) =>
    new SingleResponseCall(room, handler, call, call.request.message, reply, call.request.bytes).begin();
}

function serverStreamHandler(room: CallRoom, handler: BoundHandler) {
  return (call: ServerWritableStream<SingleRequest, Buffer>) => {
    const { message, bytes } = call.request;
    new StreamResponseCall(room, handler, call, message, call, bytes.length).begin();
  };
}

interface SingleRequest {
  readonly message: unknown;
  /** As they came: what two attempts of one call have in common, whatever this server knows of the message's fields. */
  readonly bytes: Buffer;
}

function singleDeserializer({ definition }: BoundHandler): (bytes: Buffer) => SingleRequest {
  return (bytes) => ({ message: definition.requestDeserialize(bytes), bytes });
}

function deserializer({ definition }: BoundHandler): (bytes: Buffer) => unknown {
  return (bytes) => definition.requestDeserialize(bytes);
}

function identity(bytes: Buffer): Buffer {
  return bytes;
}
