import { type FaultContender, RETRIES } from './fault-client.js';
import { openMesh } from './open-mesh.js';

/** Some five times what a call takes. */
const HEDGE_AFTER_MS = 50;

/** One for the hedge, and one in case that both of the nodes are lost. */
const HEDGED_RETRIES = RETRIES + 1;

/** micromesh with its defaults, and hedging of what is idempotent. */
export const micromeshHedged: FaultContender = {
  id: 'micromesh + hedging',
  fleet: 'mesh',
  promises: 'both',
  retries: HEDGED_RETRIES,
  open: (target) => openMesh(target, { hedge: { afterMs: HEDGE_AFTER_MS }, retries: HEDGED_RETRIES }),
};
