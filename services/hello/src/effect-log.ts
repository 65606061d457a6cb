import { openSync, writeSync } from 'node:fs';

/** Records what was executed, so that the demo can count: no call may have two effects. */
export interface EffectLog {
  /** Records that work for a call begins, or that it took effect. */
  record(call: string, event: 'start' | 'effect'): void;
}

/**
 * Opens a log of JSON lines: `{ at, node, call, event }`. Each is written at once, by one write to a file opened for
 * appending, so that several processes can share it and kill -9 loses nothing.
 *
 * @param node - the id of the node that records.
 */
export function openEffectLog(path: string, node: string): EffectLog {
  const file = openSync(path, 'a');
  return {
    record(call, event) {
      writeSync(file, `${JSON.stringify({ at: Date.now(), node, call, event })}\n`);
    },
  };
}
