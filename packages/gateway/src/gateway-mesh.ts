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

/** One unary method, as the mesh is asked for a client of it. */
export interface UnaryBytes {
  readonly call: BytesMethod<false, false>;
}

/** One server-streaming method, as the mesh is asked for a client of it. */
export interface ServerStreamBytes {
  readonly call: BytesMethod<false, true>;
}

/** What the gateway says of a call. */
export interface GatewayCallOptions {
  /** From the request's `grpc-timeout`; left out where there is none, so that the mesh's default counts. */
  readonly timeoutMs?: number;
  /** Aborts when the HTTP client has gone, or the gateway's time to drain is over. */
  readonly signal: AbortSignal;
}

/** What the gateway needs of a mesh; `createMesh(...)` gives one. */
export interface GatewayMesh {
  client(
    definition: UnaryBytes,
    options: { readonly service: string },
  ): { call(request: Buffer, options: GatewayCallOptions): Promise<Buffer> };
  client(
    definition: ServerStreamBytes,
    options: { readonly service: string },
  ): { call(request: Buffer, options: GatewayCallOptions): AsyncIterable<Buffer> };
}
