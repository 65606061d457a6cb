import { credentials } from '@grpc/grpc-js';
import { HelloClient, HelloService } from '@micromesh/service-hello';
import type { BenchClient } from './bench-client.js';
import { callStub } from './promised-stub.js';

const SERVICE_CONFIG = {
  loadBalancingConfig: [{ round_robin: {} }],
  methodConfig: [
    {
      name: [{ service: HelloService.anything.path.split('/')[1] }],
      timeout: '5s',
      retryPolicy: {
        maxAttempts: 2,
        initialBackoff: '0.01s',
        maxBackoff: '1s',
        backoffMultiplier: 2,
        retryableStatusCodes: ['UNAVAILABLE', 'INTERNAL'],
      },
    },
  ],
};

/** The most that grpc-js itself can do: round_robin over the nodes, a retry and a deadline by its service config. */
export function openGrpcJsRoundRobin(addresses: readonly string[]): BenchClient {
  const stub = new HelloClient(`ipv4:${addresses.join(',')}`, credentials.createInsecure(), {
    'grpc.service_config': JSON.stringify(SERVICE_CONFIG),
  });
  return { call: () => callStub(stub), close: () => stub.close() };
}
