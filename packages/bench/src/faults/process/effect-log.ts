import { openSync, writeSync } from 'node:fs';
import { nowMs } from './now.js';

/** Work for a call began, took effect, or ended (streams: the effect is the first message). */
export type EffectEvent = 'start' | 'effect' | 'end';

/** Records what a node executes. */
export type EffectLog = (event: EffectEvent, call: string) => void;

/** Opens a node's log: a line an event, each written at once to a file opened for appending, so that kill -9 loses nothing. */
export function openEffectLog(path: string): EffectLog {
  const file = openSync(path, 'a');
  return (event, call) => {
    writeSync(file, `${nowMs().toFixed(3)} ${event} ${call}\n`);
  };
}
