import { z } from 'zod';
import { leaf } from './field.js';

/** A time as it was written, and what it is. */
export interface Duration {
  /** `1.5s` */
  readonly text: string;
  /** Whole milliseconds. */
  readonly ms: number;
}

const DURATION = /^(?:\d+(?:\.\d*)?(?:ns|us|µs|ms|s|m|h))+$/;
const PART = /(\d+)(?:\.(\d*))?(ns|us|µs|ms|s|m|h)/g;
const UNIT_NS: Readonly<Record<string, bigint>> = {
  ns: 1n,
  us: 1000n,
  µs: 1000n,
  ms: 1_000_000n,
  s: 1_000_000_000n,
  m: 60_000_000_000n,
  h: 3_600_000_000_000n,
};
const NS_PER_MS = 1_000_000n;
/** Go's longest duration is 292 years, Node's longest timer 24.8 days. */
const MAX_MS = 2 ** 31 - 1;
const MAX_LENGTH = 64;

/**
 * Reads a duration as Istio writes it: `1.5s`, `1h10m`, `250ms`.
 *
 * @returns undefined when it is none, is no whole number of milliseconds, or is above 24.8 days.
 */
export function parseDuration(text: string): Duration | undefined {
  if (text.length > MAX_LENGTH || !DURATION.test(text)) return undefined;
  let ns = 0n;
  for (const [, whole = '0', fraction = '', unit = 'ns'] of text.matchAll(PART)) {
    const scale = UNIT_NS[unit] ?? 1n;
    ns += BigInt(whole) * scale;
    const digits = 10n ** BigInt(fraction.length);
    const part = BigInt(fraction === '' ? '0' : fraction) * scale;
    if (part % digits !== 0n) return undefined;
    ns += part / digits;
  }
  const ms = Number(ns / NS_PER_MS);
  return ns % NS_PER_MS === 0n && ms <= MAX_MS ? { text, ms } : undefined;
}

/** A duration of at least 1 ms. */
export function duration() {
  return durationOf(1, 'duration of whole milliseconds, at least 1ms', 'write it like 250ms, 1.5s or 1h10m');
}

/** A duration that may be 0s. */
export function durationOrZero() {
  return durationOf(0, 'duration of whole milliseconds', 'write it like 0s, 250ms, 1.5s or 1h10m');
}

function durationOf(minMs: number, noun: string, fix: string) {
  const schema = z.string().transform((text, context): Duration => {
    const read = parseDuration(text);
    if (read !== undefined && read.ms >= minMs) return read;
    context.addIssue({ code: 'custom', message: noun });
    return z.NEVER;
  });
  return leaf(schema, noun, fix);
}
