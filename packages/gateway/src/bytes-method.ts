import type { MethodDefinition } from '@micromesh/core';
import type { BytesMethod } from './gateway-mesh.js';

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
