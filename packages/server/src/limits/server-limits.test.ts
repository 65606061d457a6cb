import { describe, expect, it } from 'vitest';
import { checkServerLimits } from './server-limits.js';

describe("a server's limits", () => {
  it('may be any that have a meaning', () => {
    const all = { maxConcurrentCalls: 5, queue: 5, queueTimeoutMs: 5, maxEventLoopDelayMs: 50 };
    for (const limits of [{}, all, { maxEventLoopDelayMs: 10 }]) {
      expect(() => checkServerLimits('x.limits', limits)).not.toThrow();
    }
  });

  it.each([
    [5, 'x.limits: 5 is no object; give one, e.g. { maxConcurrentCalls: 100 }'],
    [{ maxConcurrent: 5 }, 'x.limits: "maxConcurrent" is not an option; did you mean maxConcurrentCalls?'],
    [{ maxConcurrentCalls: 0 }, 'x.limits.maxConcurrentCalls: 0 is out of range'],
    [{ maxConcurrentCalls: '5' }, 'x.limits.maxConcurrentCalls: "5" is not an integer'],
    [{ maxConcurrentCalls: 5, queue: -1 }, 'x.limits.queue: -1 is out of range'],
    [{ queue: 5 }, 'x.limits.queue: 5 has nothing to wait for; give maxConcurrentCalls too'],
    [{ maxEventLoopDelayMs: 1 }, 'x.limits.maxEventLoopDelayMs: 1 is out of range'],
  ])('name what is wrong: %j', (limits, message) => {
    expect(() => checkServerLimits('x.limits', limits)).toThrow(message);
  });
});
