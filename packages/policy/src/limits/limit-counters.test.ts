import { FakeClock } from '@micromesh/core/testing';
import { describe, expect, it } from 'vitest';
import type { PolicySet } from '../compile/policy-set.js';
import { concurrencyLimit, limitedCall, rateLimit } from '../testing/limits.js';
import { policySet } from '../testing/policies.js';
import { LimitCounters } from './limit-counters.js';
import { takeTokens } from './rate-counter.js';

const HELLO = { name: 'hello' };

class World {
  readonly clock = new FakeClock();
  readonly view: { current: PolicySet | undefined } = { current: undefined };
  readonly counters = new LimitCounters('server', this.view, this.clock);

  set(...texts: readonly string[]): void {
    this.view.current = policySet(texts.join(''));
  }

  passes(service = HELLO, began?: PolicySet): boolean {
    const counted = this.counters.of(service, limitedCall(), began);
    return counted === undefined || takeTokens(counted.rates, limitedCall(), this.clock.now()) === undefined;
  }
}

function one(fill: string, host = 'hello', name = 'a') {
  return rateLimit(name, `host: "${host}", tokenBucket: { maxTokens: 1, fillInterval: ${fill} }`);
}

describe('counts', () => {
  it('are none without policies, and where none is about the service', () => {
    const world = new World();
    expect(world.counters.of(HELLO, limitedCall())).toBeUndefined();
    world.set(one('1s', 'user'));
    expect(world.counters.of(HELLO, limitedCall())).toBeUndefined();
    expect(world.counters.size).toBe(0);
  });

  it('outlive a version that leaves their resource as it was, wherever it stands', () => {
    const world = new World();
    world.set(one('10s'));
    expect([world.passes(), world.passes()]).toEqual([true, false]);
    world.set(concurrencyLimit('b', 'host: hello, maxConcurrent: 1'), one('10000ms'));
    expect(world.passes()).toBe(false);
  });

  it('begin anew where the resource says something else, or another one says the same', () => {
    const world = new World();
    world.set(one('10s'));
    world.passes();
    world.set(one('11s'));
    expect([world.passes(), world.passes()]).toEqual([true, false]);
    world.set(one('11s', 'hello', 'another'));
    expect(world.passes()).toBe(true);
    expect(world.counters.size).toBe(1);
  });

  it('go with their resource', () => {
    const world = new World();
    world.set(one('10s'), concurrencyLimit('b', 'host: hello, maxConcurrent: 1'));
    world.passes();
    expect(world.counters.size).toBe(2);
    world.set();
    expect([world.passes(), world.passes()]).toEqual([true, true]);
    expect(world.counters.size).toBe(0);
  });

  it('are of a service each, also where one resource is about all', () => {
    const world = new World();
    world.set(one('10s', '*'));
    expect([world.passes(), world.passes({ name: 'user' }), world.passes()]).toEqual([true, true, false]);
  });

  it('are those of the version that a call began under', () => {
    const world = new World();
    world.set(one('10s'));
    const before = world.view.current;
    world.passes();
    world.set(one('10s'), one('10s', 'user', 'b'));
    expect(world.passes(HELLO, before)).toBe(false);
    world.set();
    expect(world.passes(HELLO, before)).toBe(false);
    expect(world.passes()).toBe(true);
  });
});
