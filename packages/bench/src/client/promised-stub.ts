import type { HelloClient } from '@micromesh/service-hello';
import { REQUEST } from './bench-client.js';

/** One call through a grpc-js stub, as a promise: what any async code makes of it. */
export function callStub(stub: HelloClient): Promise<unknown> {
  return new Promise((resolve, reject) => {
    stub.anything(REQUEST, (error, reply) => {
      if (error === null) resolve(reply);
      else reject(error);
    });
  });
}
