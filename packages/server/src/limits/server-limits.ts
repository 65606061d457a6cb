import { ConfigError, checkInteger, checkNumber, checkOptionNames } from '@micromesh/core';

/** When a server refuses calls, so that those that it has taken end in time. What is left out does not count. */
export interface ServerLimits {
  /** Handlers at work at a time, at least 1; a stream counts as long as it is open. */
  readonly maxConcurrentCalls?: number;
  /** Calls that may wait for one of those to end, first come, first served; at least 0, default 0. */
  readonly queue?: number;
  /** How long a call waits, in milliseconds; at least 1, default 1000. Infinity: its caller's deadline alone counts. */
  readonly queueTimeoutMs?: number;
  /**
   * How late the event loop may run what is due, in milliseconds, on the average of the last tenth of a second or so; at least 10.
   */
  readonly maxEventLoopDelayMs?: number;
}

const NAMES = ['maxConcurrentCalls', 'queue', 'queueTimeoutMs', 'maxEventLoopDelayMs'] as const;

/** @throws ConfigError naming the option, its value and the fix. */
export function checkServerLimits(field: string, limits: unknown): void {
  if (typeof limits !== 'object' || limits === null || Array.isArray(limits)) {
    throw new ConfigError(field, limits, 'is no object', 'give one, e.g. { maxConcurrentCalls: 100 }');
  }
  checkOptionNames(field, limits, NAMES);
  const { maxConcurrentCalls, queue, queueTimeoutMs, maxEventLoopDelayMs }: ServerLimits = limits;
  if (maxConcurrentCalls !== undefined) checkInteger(`${field}.maxConcurrentCalls`, maxConcurrentCalls, 1);
  if (queue !== undefined) checkInteger(`${field}.queue`, queue, 0);
  if (queueTimeoutMs !== undefined) checkNumber(`${field}.queueTimeoutMs`, queueTimeoutMs, 1);
  if (maxEventLoopDelayMs !== undefined) checkNumber(`${field}.maxEventLoopDelayMs`, maxEventLoopDelayMs, 10);
  if (queue !== undefined && queue > 0 && maxConcurrentCalls === undefined) {
    throw new ConfigError(`${field}.queue`, queue, 'has nothing to wait for', 'give maxConcurrentCalls too');
  }
}
