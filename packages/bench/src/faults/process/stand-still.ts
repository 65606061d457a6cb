import { nowMs } from './now.js';

/** Blocks the event loop for so long; gives when that began, by the machine's monotonic clock. */
export function standStill(ms: number): number {
  const fromMs = nowMs();
  while (nowMs() - fromMs < ms);
  return fromMs;
}
