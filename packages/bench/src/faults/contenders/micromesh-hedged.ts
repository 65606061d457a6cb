import { ConfigError, createMesh } from 'micromesh';
import { silentLogger } from '../process/silent-logger.js';
import { LedgerService, MESH_SERVICE } from '../service/ledger.js';
import type { FaultContender } from './fault-client.js';
import { openMesh } from './open-mesh.js';

/** Some five times what a call takes. */
const HEDGE = { hedge: { afterMs: 50 } };

/** micromesh with its defaults, and hedging of what is idempotent. */
export const micromeshHedged: FaultContender = {
  id: 'micromesh + hedging',
  fleet: 'mesh',
  promises: true,
  missing: () => {
    const mesh = createMesh({ registry: 'memory:', logger: silentLogger });
    try {
      mesh.client(LedgerService, { service: MESH_SERVICE, ...HEDGE });
      return undefined;
    } catch (error) {
      if (error instanceof ConfigError) return error.message;
      throw error;
    } finally {
      void mesh.close();
    }
  },
  open: (target) => openMesh(target, HEDGE),
};
