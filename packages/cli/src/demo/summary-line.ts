import type { DemoView } from './demo-model.js';

/** The figures of the demo in one line. */
export function summaryLine({ calls, failed, executions, executedTwice, retried }: DemoView): string {
  return `${calls} calls, ${failed} failed; ${executions} executions, ${executedTwice} calls executed twice, ${retried} retried`;
}
