import { credentials } from '@grpc/grpc-js';
import { HelloClient } from '@micromesh/service-hello';
import type { BenchClient } from './bench-client.js';
import { callStub } from './promised-stub.js';

/** grpc-js as it comes: one channel to one node, no deadline, no retry. What the others are compared with. */
export function openGrpcJs([address = '']: readonly string[]): BenchClient {
  const stub = new HelloClient(address, credentials.createInsecure());
  return { call: () => callStub(stub), close: () => stub.close() };
}
