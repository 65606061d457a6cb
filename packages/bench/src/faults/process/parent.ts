import type { Report } from './messages.js';

/** Ends this process when the one that started it is gone, killed too. */
export function exitWithParent(): void {
  process.once('disconnect', () => process.exit());
}

/** Says something to the process that started this one. */
export function tell(report: Report): void {
  process.send?.(report);
}
