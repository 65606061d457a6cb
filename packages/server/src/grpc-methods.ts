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
import { RequestStream } from './request-stream.js';
import { SingleResponseCall } from './single-response-call.js';
import { StreamResponseCall } from './stream-response-call.js';

/**
 * Tells a grpc-js server of a method. Responses are bytes when they reach grpc-js.
 *
 * @throws ConfigError when the server has a method of that path already.
 */
export function serveMethod(server: Server, room: CallRoom, handler: BoundHandler): void {
  const { path, kind } = handler.method;
  if (!server.register(path, grpcHandler(room, handler), identity, deserializer(handler), kind)) {
    throw new ConfigError('server.add', path, 'is served already', 'add each service once');
  }
}

function grpcHandler(room: CallRoom, handler: BoundHandler) {
  switch (handler.method.kind) {
    case 'clientStream':
      return (call: ServerReadableStream<unknown, Buffer>, reply: sendUnaryData<Buffer>) =>
        new SingleResponseCall(room, handler, call, new RequestStream(call), reply).begin();
    case 'serverStream':
      return (call: ServerWritableStream<unknown, Buffer>) =>
        new StreamResponseCall(room, handler, call, call.request, call).begin();
    case 'bidi':
      return (call: ServerDuplexStream<unknown, Buffer>) =>
        new StreamResponseCall(room, handler, call, new RequestStream(call), call).begin();
    default:
      return (call: ServerUnaryCall<unknown, Buffer>, reply: sendUnaryData<Buffer>) =>
        new SingleResponseCall(room, handler, call, call.request, reply).begin();
  }
}

function deserializer({ definition }: BoundHandler): (bytes: Buffer) => unknown {
  return (bytes) => definition.requestDeserialize(bytes);
}

function identity(bytes: Buffer): Buffer {
  return bytes;
}
