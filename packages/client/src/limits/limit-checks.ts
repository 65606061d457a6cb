import { ConfigError, checkInteger, checkNumber, checkOptionNames } from '@micromesh/core';
import type { BreakerOptions, ConcurrencyOptions } from './limit-settings.js';

/** How each option is looked at. */
type Looks<T> = { readonly [K in keyof Required<T>]: (field: string, value: number) => void };

const BREAKER: Looks<BreakerOptions> = {
  consecutiveFailures: (field, value) => checkInteger(field, value, 1),
  failureRatio: (field, value) => checkNumber(field, value, 0.001, 1),
  minCalls: (field, value) => checkInteger(field, value, 1),
  windowMs: (field, value) => checkNumber(field, value, 10),
  openMs: (field, value) => checkNumber(field, value, 1),
  trialCalls: (field, value) => checkInteger(field, value, 1),
};

const CONCURRENCY: Looks<Omit<ConcurrencyOptions, 'per'>> = {
  max: (field, value) => checkInteger(field, value, 1),
  queue: (field, value) => checkInteger(field, value, 0),
  queueTimeoutMs: (field, value) => checkNumber(field, value, 1),
};

/** @throws ConfigError for what `breaker` cannot be. */
export function checkBreaker(field: string, value: unknown): void {
  if (value === false) return;
  const options = optionsOr(field, value, '{ consecutiveFailures: 5 }');
  checkOptionNames(field, options, Object.keys(BREAKER));
  lookAt(field, options, BREAKER);
}

/** @throws ConfigError for what `maxConcurrentRetries` cannot be. */
export function checkMaxConcurrentRetries(field: string, value: unknown): void {
  if (typeof value !== 'number') throw new ConfigError(field, value, 'is no number', 'give one');
  checkInteger(field, value, 1);
}

/** @throws ConfigError for what `concurrency` cannot be. */
export function checkConcurrency(field: string, value: unknown): void {
  if (value === false) return;
  const options = optionsOr(field, value, '{ max: 100 }');
  checkOptionNames(field, options, [...Object.keys(CONCURRENCY), 'per']);
  if (options.max === undefined) {
    throw new ConfigError(`${field}.max`, undefined, 'is missing', 'say how many calls at a time');
  }
  lookAt(field, options, CONCURRENCY);
  const { per = 'service' } = options;
  if (per === 'service' || per === 'method') return;
  throw new ConfigError(`${field}.per`, per, 'is none of its values', 'give service or method');
}

function optionsOr(field: string, value: unknown, example: string): Readonly<Record<string, unknown>> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return { ...value };
  throw new ConfigError(field, value, 'is no object', `give one, e.g. ${example}, or false`);
}

function lookAt<T>(field: string, options: Readonly<Record<string, unknown>>, looks: Looks<T>): void {
  for (const [name, look] of Object.entries<Looks<T>[keyof T]>(looks)) {
    const value = options[name];
    if (value === undefined) continue;
    if (typeof value !== 'number')
      throw new ConfigError(`${field}.${name}`, value, 'is no number', 'give one');
    look(`${field}.${name}`, value);
  }
}
