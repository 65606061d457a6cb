import { type ClientOptions, createMesh } from 'micromesh';
import { silentLogger } from '../process/silent-logger.js';
import { type LedgerMessage, LedgerService } from '../service/ledger.js';
import { callThrough, DEADLINE_MS, type FaultClient, type FaultTarget } from './fault-client.js';

/** A typed client of a mesh that finds the nodes in the registry. */
export function openMesh(
  { registry, service }: FaultTarget,
  options: Pick<ClientOptions, 'hedge' | 'retries' | 'retry'> = {},
): FaultClient {
  const mesh = createMesh({ registry, logger: silentLogger });
  const client = mesh.client(LedgerService, { service, timeoutMs: DEADLINE_MS, ...options });
  const streams = { timeoutMs: Number.POSITIVE_INFINITY };
  const calls = {
    read: (message: LedgerMessage) => client.read(message),
    write: (message: LedgerMessage) => client.write(message),
    readStream: (message: LedgerMessage) => client.readStream(message, streams),
    writeStream: (message: LedgerMessage) => client.writeStream(message, streams),
  };
  return { call: (method, id) => callThrough(calls, method, id) };
}
