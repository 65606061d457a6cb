import { Metadata } from '@grpc/grpc-js';
import {
  type Check,
  type Checks,
  ConfigError,
  flagValue,
  functionLike,
  integerOf,
  numberOf,
  optionsOf,
  textValue,
  valuesByName,
  wordOf,
} from '@micromesh/core';
import type { NodeFilter } from '@micromesh/selector';
import type { BackoffSettings } from '../retry/backoff.js';
import { checkHedge } from '../retry/hedge-setting.js';
import type { CallOptions } from './call-options.js';
import type { PlanDefaults } from './plan-defaults.js';

const FILTER = {
  version: textValue,
  labels: valuesByName(textValue, "texts by name: { zone: 'a' }"),
  locality: wordOf('prefer', 'require'),
} satisfies Checks<NodeFilter>;

const BACKOFF = { baseMs: numberOf(0), maxMs: numberOf(0) } satisfies Checks<BackoffSettings>;

/** What a mesh and a client may say for all their calls, and a call for itself. */
export const PLAN_OPTION_CHECKS = {
  timeoutMs: numberOf(1, Number.POSITIVE_INFINITY, 'give milliseconds, at least 1; Infinity means none'),
  retries: integerOf(0, 100),
  retry: functionLike('one, e.g. retryOnError'),
  attemptTimeoutMs: numberOf(1, Number.POSITIVE_INFINITY, 'give milliseconds, at least 1'),
  backoff: optionsOf(BACKOFF),
  hedge: checkHedge,
  filter: optionsOf(FILTER),
  waitForReady: flagValue,
  idempotencyKey: flagValue,
} satisfies Checks<Omit<PlanDefaults, 'idempotent'>>;

/** What a call may say. */
export const CALL_OPTION_CHECKS = {
  ...PLAN_OPTION_CHECKS,
  signal: abortSignal,
  metadata: metadataLike,
  hashKey: textValue,
  idempotent: flagValue,
  idempotencyKey: keyOrTrue,
  trace: functionLike('one that takes the trace: (trace) => console.log(trace)'),
} satisfies Checks<CallOptions>;

/**
 * Looks at the options of a call.
 *
 * @throws ConfigError naming the option, its value and the fix.
 */
export const checkCallOptions: Check = callOptionsOf(CALL_OPTION_CHECKS);

/** The options of a call, where a place has more of them than {@link CallOptions}. */
export function callOptionsOf<T extends CallOptions>(checks: Checks<T>): Check {
  const check = optionsOf(checks);
  return (what, options) => {
    if (typeof options !== 'object' || options === null) {
      throw new ConfigError(`${what} options`, options, 'is no object', 'give e.g. { timeoutMs: 500 }');
    }
    if (options instanceof Metadata) {
      throw new ConfigError(
        `${what} options`,
        options,
        'is given in place of the options',
        'pass { metadata }',
      );
    }
    check(what, options);
  };
}

/** By what they have, not by their class: those of other makers, of another copy of grpc-js, and of other realms do as well. */
function abortSignal(field: string, value: unknown): void {
  if (isObject(value)) {
    if (typeof value.addEventListener === 'function' && typeof value.aborted === 'boolean') return;
    if (typeof value.abort === 'function') {
      throw new ConfigError(field, value, 'is no AbortSignal', 'give its signal');
    }
  }
  throw new ConfigError(field, value, 'is no AbortSignal', 'give one, e.g. controller.signal');
}

/** What HTTP/2 carries as a header's value, and servers take. */
function keyOrTrue(field: string, value: unknown): void {
  if (value === true || (typeof value === 'string' && /^[\x21-\x7e]{1,255}$/.test(value))) return;
  throw new ConfigError(
    field,
    value,
    'is no key',
    'give true for a random one, or 1 to 255 printable ASCII characters without a space',
  );
}

function metadataLike(field: string, value: unknown): void {
  if (isObject(value) && typeof value.clone === 'function' && typeof value.getMap === 'function') return;
  throw new ConfigError(field, value, 'is no Metadata', 'give one of @grpc/grpc-js');
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}
