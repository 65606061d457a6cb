import type { Clock } from '@micromesh/core';
import type { Output } from '../command/io.js';
import type { ScenarioOptions } from './result.js';
import type { ScenarioProgress } from './runner.js';

const LINE_START = '\r\x1b[K';

/** Progress lines, and the way to take the last one off the screen. */
export interface ProgressLines extends ScenarioProgress {
  clear(): void;
}

/** Writes how a run goes: a line that is written over in a terminal, else one line a step. */
export function progressTo(
  output: Output,
  { scenario, rps, seconds }: ScenarioOptions,
  clock: Clock,
): ProgressLines {
  const beganAt = clock.now();
  const live = output.isTTY === true;
  return {
    step: (text) => {
      const elapsed = ((clock.now() - beganAt) / 1000).toFixed(1);
      output.write(`${live ? LINE_START : ''}${elapsed.padStart(5)} s  ${scenario}: ${text}\n`);
    },
    load: (elapsedMs, ledger) => {
      if (!live) return;
      const done = `${Math.min(elapsedMs / 1000, seconds).toFixed(1)} of ${seconds} s`;
      const total = scenario === 'flaky' ? '' : ` of ${rps * seconds}`;
      const counts = `${ledger.calls.length}${total} calls, ${ledger.failed} failed, ${ledger.retriedStartsMs.length} retried`;
      output.write(`${LINE_START}${done}  ${counts}`);
    },
    clear: () => {
      if (live) output.write(LINE_START);
    },
  };
}
