import type { MethodDefinition } from '@micromesh/core';

/** A method whose messages stay bytes: the gateway turns JSON to bytes and back itself. */
export interface BytesMethod<RequestStream extends boolean, ResponseStream extends boolean>
  extends MethodDefinition {
  readonly requestStream: RequestStream;
  readonly responseStream: ResponseStream;
  requestSerialize(bytes: Buffer): Buffer;
  requestDeserialize(bytes: Buffer): Buffer;
  responseSerialize(bytes: Buffer): Buffer;
  responseDeserialize(bytes: Buffer): Buffer;
}

/** The method with messages that stay bytes. */
export function bytesMethod<RequestStream extends boolean, ResponseStream extends boolean>(
  { path, options }: MethodDefinition,
  requestStream: RequestStream,
  responseStream: ResponseStream,
): BytesMethod<RequestStream, ResponseStream> {
  return {
    path,
    options,
    requestStream,
    responseStream,
    requestSerialize: asItIs,
    requestDeserialize: asItIs,
    responseSerialize: asItIs,
    responseDeserialize: asItIs,
  };
}

function asItIs(bytes: Buffer): Buffer {
  return bytes;
}
