import { createMesh, RpcError } from 'micromesh';
import { LedgerService, MESH_SERVICE } from '../service/ledger.js';
import type { NodeSetting } from './node-setting.js';
import { silentLogger } from './silent-logger.js';
import { ModeFailure, type Work } from './work.js';

/** Serves as a micromesh server, and enters itself into the registry. */
export async function startMeshNode(work: Work, setting: NodeSetting): Promise<string> {
  const { id, listen, registry, channelOptions } = setting;
  const mesh = createMesh({ registry: registry ?? 'memory:', logger: silentLogger });
  const asRpc = async <T>(result: Promise<T>): Promise<T> => {
    try {
      return await result;
    } catch (error) {
      throw error instanceof ModeFailure ? new RpcError(error.code, error.message) : error;
    }
  };
  const server = await mesh
    .server(MESH_SERVICE, { id })
    .add(LedgerService, {
      read: (message, context) => asRpc(work.answer(message, () => context.stillWanted())),
      write: (message, context) => asRpc(work.answer(message, () => context.stillWanted())),
      readStream: (message) => work.stream(message),
      writeStream: (message) => work.stream(message),
    })
    .start({ listen, register: registry !== undefined, signals: ['SIGTERM'], channelOptions });
  return server.address;
}
