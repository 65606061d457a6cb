import type { FaultContender } from './fault-client.js';
import { openMesh } from './open-mesh.js';

/** Some five times what a call takes. */
const HEDGE_AFTER_MS = 50;

/** micromesh with its defaults, and hedging of what is idempotent. */
export const micromeshHedged: FaultContender = {
  id: 'micromesh + hedging',
  fleet: 'mesh',
  promises: true,
  open: (target) => openMesh(target, { hedge: { afterMs: HEDGE_AFTER_MS } }),
};
