import { constants } from 'node:os';
import type { StopCause } from '../process/stop-signals.js';

/** All went as asked. */
export const SUCCESS = 0;

/** What was asked for did not come about. */
export const FAILED = 1;

/** The command line or the machine's set-up is wrong. */
export const WRONG_USAGE = 2;

/** The exit status of work that was cut short: 128 and the number of the signal; SIGTERM's where the parent has gone. */
export function statusOfStop(cause: StopCause): number {
  return 128 + constants.signals[cause === 'parent' ? 'SIGTERM' : cause];
}
