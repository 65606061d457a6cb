import type { EffectEvent } from '../process/effect-log.js';

/** A line that a node wrote: work for a call began, took effect, or (streams) ended. */
export interface EffectLine {
  /** By the machine's monotonic clock. */
  readonly atMs: number;
  readonly node: string;
  readonly event: EffectEvent;
}

/** What nodes wrote, by the id of the call. */
export type Effects = ReadonlyMap<string, readonly EffectLine[]>;

/**
 * Reads what nodes wrote.
 *
 * @param logs - by the id of the node.
 * @throws Error when a line is not one of a node: then nothing can be said of executions.
 */
export function readEffects(logs: ReadonlyMap<string, string>): Effects {
  const byCall = new Map<string, EffectLine[]>();
  for (const [node, text] of logs) {
    for (const line of text.split('\n')) {
      if (line === '') continue;
      const [, at = '', event, call = ''] = /^(\d+\.\d{3}) (start|effect|end) (.+)$/.exec(line) ?? [];
      if (event !== 'start' && event !== 'effect' && event !== 'end') {
        throw new Error(`the log of ${node} has a line that no node wrote: ${line}`);
      }
      const own = byCall.get(call);
      const effect: EffectLine = { atMs: Number(at), node, event };
      if (own === undefined) byCall.set(call, [effect]);
      else own.push(effect);
    }
  }
  return byCall;
}
