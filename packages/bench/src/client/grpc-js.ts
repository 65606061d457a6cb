import { credentials } from '@grpc/grpc-js';
import { HelloClient } from '@micromesh/service-hello';
import type { BenchClient } from './bench-client.js';
import { callStub } from './promised-stub.js';

/**
 * grpc-js as it comes, a stub for each node and the calls to them in turn: no discovery, no deadline, no retry. What the
 * others are compared with, since it has as many connections as a mesh, and a connection costs CPU whoever holds it.
 */
export function openGrpcJs(addresses: readonly string[]): BenchClient {
  const stubs = addresses.map((address) => new HelloClient(address, credentials.createInsecure()));
  let calls = 0;
  return {
    call() {
      const stub = stubs[calls++ % stubs.length];
      return stub === undefined ? Promise.reject(new Error('no node is given')) : callStub(stub);
    },
    close() {
      for (const stub of stubs) stub.close();
    },
  };
}

/** The same with one stub to one node: what most grpc-js clients are. */
export function openGrpcJsOneNode(addresses: readonly string[]): BenchClient {
  return openGrpcJs(addresses.slice(0, 1));
}
