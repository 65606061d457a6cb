import type { DemoView } from './demo-model.js';

/** The figures of the demo in one line. */
export function summaryLine(view: DemoView): string {
  const { calls, failed, inFlight, executions, executedTwice, retried, executionsOfOthers } = view;
  const own = `${calls} calls, ${failed} failed, ${inFlight} in flight; ${executions} executions, ${executedTwice} calls executed twice, ${retried} retried`;
  return executionsOfOthers === 0 ? own : `${own}; ${executionsOfOthers} executions of calls by others`;
}
