import { ConfigError } from '@micromesh/core';

const UNIT_MS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};
const PART = /(\d{1,9}(?:\.\d{1,3})?)(ms|s|m|h|d)/y;
const MIN_MS = 1000;
const MAX_MS = 30 * 86_400_000;

/**
 * Reads `90s`, `10m`, `1h30m`, `2d`: from one second to thirty days.
 *
 * @param field - the name of the option, for the message.
 * @returns milliseconds.
 * @throws ConfigError when it is none, or out of range.
 */
export function parseDuration(text: string, field: string): number {
  let ms = 0;
  PART.lastIndex = 0;
  let end = 0;
  for (let part = PART.exec(text); part !== null; part = PART.exec(text)) {
    ms += Number(part[1]) * (UNIT_MS[part[2] ?? ''] ?? Number.NaN);
    end = PART.lastIndex;
  }
  if (end === 0 || end < text.length) {
    throw new ConfigError(field, text, 'is no duration', 'write e.g. 90s, 10m, 1h30m or 2d');
  }
  if (ms < MIN_MS || ms > MAX_MS) {
    throw new ConfigError(field, text, 'is out of range', 'give from 1s to 30d');
  }
  return Math.round(ms);
}
