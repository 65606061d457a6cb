import { messageOf } from '@micromesh/core';
import { SteadyClock } from './steady-clock.js';

/** By less any timer is late on a busy machine; a question whether a node lives has as long. */
const EXCUSES_MS = 100;

/**
 * Runs a scenario; where it fails and the machine has stood still meanwhile, once more, as that spoils what is measured in time, and what
 * nodes are believed. What fails without that fails at once, and the second time counts, whatever the machine does.
 */
export async function againIfStoodStill(scenario: () => Promise<void>): Promise<void> {
  const clock = new SteadyClock();
  try {
    await scenario();
    return;
  } catch (error) {
    const stoodMs = Math.round(clock.longestStandStillMs);
    if (stoodMs < EXCUSES_MS) throw error;
    process.stderr.write(`once more, as the machine stood still for ${stoodMs} ms: ${messageOf(error)}\n`);
  } finally {
    clock.end();
  }
  await scenario();
}
