import { ChannelCredentials, createChannel, createClientFactory, Status } from 'nice-grpc';
import { retryMiddleware } from 'nice-grpc-client-middleware-retry';
import { LEDGER_PROTO_SERVICE, type LedgerMessage, LedgerService } from '../service/ledger.js';
import {
  callThrough,
  DEADLINE_MS,
  type FaultClient,
  type FaultContender,
  type FaultTarget,
  RETRIES,
} from './fault-client.js';
import { staticTarget } from './grpc-js-stub.js';

const RETRY = {
  // Off by default for a method that is not marked idempotent; here all clients with retries retry both.
  retry: true,
  retryMaxAttempts: RETRIES,
  // Its default of 1 s would be the whole deadline.
  retryBaseDelayMs: 10,
  retryableStatuses: [Status.UNAVAILABLE, Status.INTERNAL],
};

/** nice-grpc with its retry middleware, over grpc-js's round_robin. */
export const niceGrpc: FaultContender = {
  id: 'nice-grpc + retry',
  fleet: 'mesh',
  promises: 'nothing',
  open: openNiceGrpc,
};

function openNiceGrpc(target: FaultTarget): FaultClient {
  const serviceConfig = {
    loadBalancingConfig: [{ round_robin: {} }],
    // What a server hears; the signal below is for the whole call, retries and all.
    methodConfig: (['read', 'write'] as const).map((method) => ({
      name: [{ service: LEDGER_PROTO_SERVICE, method: LedgerService[method].path.split('/').at(-1) }],
      timeout: `${DEADLINE_MS / 1000}s`,
    })),
  };
  const channel = createChannel(staticTarget(target), ChannelCredentials.createInsecure(), {
    'grpc.service_config': JSON.stringify(serviceConfig),
  });
  const client = createClientFactory().use(retryMiddleware).create(LedgerService, channel, { '*': RETRY });
  const calls = {
    read: (message: LedgerMessage) => client.read(message, { signal: AbortSignal.timeout(DEADLINE_MS) }),
    write: (message: LedgerMessage) => client.write(message, { signal: AbortSignal.timeout(DEADLINE_MS) }),
    readStream: (message: LedgerMessage) => client.readStream(message),
    writeStream: (message: LedgerMessage) => client.writeStream(message),
  };
  return { call: (method, id) => callThrough(calls, method, id) };
}
