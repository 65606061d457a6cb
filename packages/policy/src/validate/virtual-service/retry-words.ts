import { nearestName } from '@micromesh/core';

/** Every word that Istio takes in `retryOn`. */
export const RETRY_WORDS = [
  '5xx',
  'gateway-error',
  'reset',
  'reset-before-request',
  'connect-failure',
  'retriable-4xx',
  'refused-stream',
  'retriable-status-codes',
  'retriable-headers',
  'envoy-ratelimited',
  'http3-post-connect-failure',
  'cancelled',
  'deadline-exceeded',
  'internal',
  'resource-exhausted',
  'unavailable',
] as const;

/** A word of `retryOn`. */
export type RetryWord = (typeof RETRY_WORDS)[number];

/** The words after which an attempt that ran into its own time-out is tried again. */
export const TIMEOUT_WORDS: readonly RetryWord[] = ['5xx', 'gateway-error', 'reset', 'deadline-exceeded'];

/** What `retryOn` says where a VirtualService is silent on it. */
export const DEFAULT_RETRY_ON = 'connect-failure,refused-stream,unavailable,cancelled';

/** `retryOn`, taken apart. */
export interface RetryConditions {
  readonly words: readonly RetryWord[];
  /** HTTP statuses, as numbers. */
  readonly statuses: readonly number[];
  /** What is neither, each with what to write instead. */
  readonly unknown: readonly { readonly word: string; readonly fix: string }[];
}

/** Reads `retryOn`; Istio takes no spaces. */
export function readRetryOn(retryOn: string): RetryConditions {
  const words: RetryWord[] = [];
  const statuses: number[] = [];
  const unknown: { word: string; fix: string }[] = [];
  for (const part of retryOn.split(',')) {
    const word = RETRY_WORDS.find((each) => each === part);
    if (word !== undefined) words.push(word);
    else if (/^[1-5]\d\d$/.test(part)) statuses.push(Number(part));
    else unknown.push({ word: part, fix: fixFor(part) });
  }
  return { words, statuses, unknown };
}

function fixFor(word: string): string {
  const trimmed = word.trim();
  if (trimmed === '') return 'take the comma out';
  if (trimmed !== word) return `write ${trimmed} without spaces`;
  const near = nearestName(word.replaceAll('_', '-'), RETRY_WORDS);
  return near === undefined
    ? `write any of ${RETRY_WORDS.join(', ')}, or an HTTP status`
    : `did you mean ${near}?`;
}
