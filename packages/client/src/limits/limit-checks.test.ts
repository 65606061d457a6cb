import { describe, expect, it } from 'vitest';
import { checkBreaker, checkConcurrency } from './limit-checks.js';

describe('the options of limits', () => {
  it('may be left out, be off, or be any that have a meaning', () => {
    for (const value of [false, {}, { failureRatio: 0.5, minCalls: 10, windowMs: 1000 }, { openMs: 1 }]) {
      expect(() => checkBreaker('x.breaker', value)).not.toThrow();
    }
    const forever = { max: 1, queue: 0, queueTimeoutMs: Number.POSITIVE_INFINITY, per: 'method' };
    for (const value of [false, { max: 5 }, forever]) {
      expect(() => checkConcurrency('x.concurrency', value)).not.toThrow();
    }
  });

  it.each([
    [true, 'x.breaker: true is no object; give one, e.g. { consecutiveFailures: 5 }, or false'],
    [null, 'x.breaker: null is no object'],
    [{ failures: 5 }, 'x.breaker: "failures" is not an option; it takes consecutiveFailures, '],
    [{ trialCall: 5 }, 'x.breaker: "trialCall" is not an option; did you mean trialCalls?'],
    [{ consecutiveFailures: 0 }, 'x.breaker.consecutiveFailures: 0 is out of range'],
    [{ failureRatio: 0 }, 'x.breaker.failureRatio: 0 is out of range; give a number from 0.001 to 1'],
    [{ failureRatio: '50%' }, 'x.breaker.failureRatio: "50%" is no number'],
    [{ minCalls: 1.5 }, 'x.breaker.minCalls: 1.5 is not an integer'],
    [{ openMs: -1 }, 'x.breaker.openMs: -1 is out of range'],
  ])('name what is wrong with a breaker: %j', (value, message) => {
    expect(() => checkBreaker('x.breaker', value)).toThrow(message);
  });

  it.each([
    [5, 'x.concurrency: 5 is no object; give one, e.g. { max: 100 }, or false'],
    [{}, 'x.concurrency.max: undefined is missing; say how many calls at a time'],
    [{ max: 0 }, 'x.concurrency.max: 0 is out of range'],
    [{ max: 1, queue: -1 }, 'x.concurrency.queue: -1 is out of range'],
    [{ max: 1, queueTimeout: 5 }, 'did you mean queueTimeoutMs?'],
    [{ max: 1, per: 'node' }, 'x.concurrency.per: "node" is none of its values; give service or method'],
  ])('name what is wrong with a limit of calls at a time: %j', (value, message) => {
    expect(() => checkConcurrency('x.concurrency', value)).toThrow(message);
  });
});
