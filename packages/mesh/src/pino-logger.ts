import type { Logger } from '@micromesh/core';
import { destination, type Level, pino } from 'pino';

/**
 * The default logger: pino, JSON lines on stderr, so that stdout stays the program's own.
 *
 * @param level - default `info`.
 */
export function createPinoLogger(level: Level = 'info'): Logger {
  return pino({ level }, destination({ dest: 2, sync: true }));
}
