import { Client, credentials, Metadata } from '@grpc/grpc-js';
import { LEDGER_PROTO_SERVICE, type LedgerMethod, LedgerService } from '../service/ledger.js';
import { DEADLINE_MS, type FaultClient, type FaultTarget, RETRIES } from './fault-client.js';

/** grpc-js's own retries, of the codes that micromesh retries by default, for both methods. */
export const RETRY_POLICY = {
  name: [{ service: LEDGER_PROTO_SERVICE }],
  retryPolicy: {
    maxAttempts: 1 + RETRIES,
    initialBackoff: '0.01s',
    maxBackoff: '1s',
    backoffMultiplier: 2,
    retryableStatusCodes: ['UNAVAILABLE', 'INTERNAL'],
  },
};

/** The target of a grpc-js channel that is told all addresses at its start. */
export function staticTarget({ addresses }: FaultTarget): string {
  return `ipv4:${addresses.join(',')}`;
}

/** A grpc-js stub on one channel to all nodes. */
export function openStub(target: FaultTarget, serviceConfig: object): FaultClient {
  const client = new Client(staticTarget(target), credentials.createInsecure(), {
    'grpc.service_config': JSON.stringify(serviceConfig),
  });
  return {
    call: (method, id) =>
      method === 'read' || method === 'write' ? unary(client, method, id) : stream(client, method, id),
  };
}

function unary(client: Client, method: LedgerMethod, id: string): Promise<unknown> {
  const { path, requestSerialize, responseDeserialize } = LedgerService[method];
  const options = { deadline: Date.now() + DEADLINE_MS };
  return new Promise((resolve, reject) => {
    client.makeUnaryRequest(
      path,
      requestSerialize,
      responseDeserialize,
      { id },
      new Metadata(),
      options,
      (error, reply) => {
        if (error === null) resolve(reply);
        else reject(error);
      },
    );
  });
}

function stream(client: Client, method: LedgerMethod, id: string): Promise<void> {
  const { path, requestSerialize, responseDeserialize } = LedgerService[method];
  const call = client.makeServerStreamRequest(path, requestSerialize, responseDeserialize, { id });
  return new Promise((resolve, reject) => {
    call.on('error', reject);
    call.on('end', resolve);
    call.resume();
  });
}
