import { status } from '@grpc/grpc-js';
import type { Method } from '@micromesh/core';
import { FakeClock } from '@micromesh/core/testing';
import { describe, expect, it } from 'vitest';
import { localOutcome } from '../chain/local-outcome.js';
import type { CircuitBreaker } from './circuit-breaker.js';
import { CircuitBreakers } from './circuit-breakers.js';
import { breakerRules } from './limit-settings.js';

const HELLO = { name: 'hello' };
const RULES = breakerRules({ consecutiveFailures: 1 });

function method(path: string): Method {
  const [service = '', name = ''] = path.slice(1).split('/');
  return { path, service, name, kind: 'unary', idempotency: 'unknown' };
}

function fail(breaker: CircuitBreaker): void {
  const call = { method: { kind: 'unary' as const }, deadline: 1e9, winner: undefined, overflowed: false };
  const pass = breaker.tryEnter(call);
  const gone = localOutcome(status.UNAVAILABLE, 'dropped', 'unknown', 'gone');
  if (pass !== undefined) breaker.leave(call, pass, 'failed', gone);
}

describe('the breakers of a mesh', () => {
  it('are one for each service and method, shared by clients with the same rules', () => {
    const breakers = new CircuitBreakers(new FakeClock(), () => 0);
    const one = breakers.under(HELLO, RULES);
    fail(one(method('/h.H/A')));
    expect(breakers.under(HELLO, breakerRules({ consecutiveFailures: 1 }))(method('/h.H/A')).state).toBe(
      'open',
    );
    expect(one(method('/h.H/B')).state).toBe('closed');
    expect(breakers.under({ name: 'other' }, RULES)(method('/h.H/A')).state).toBe('closed');
    expect(breakers.under(HELLO, breakerRules({ openMs: 7 }))(method('/h.H/A')).state).toBe('closed');
  });

  it('are found by name or path, and tell the worst of what calls meet', () => {
    const breakers = new CircuitBreakers(new FakeClock(), () => 0);
    const handle = breakers.of('hello', 'anything');
    expect([handle.state, handle.cause, handle.manual]).toEqual(['closed', '', false]);
    const under = breakers.under(HELLO, RULES);
    under(method('/one.H/Anything'));
    fail(under(method('/two.H/Anything')));
    expect(handle.state).toBe('open');
    expect(handle.cause).toContain('UNAVAILABLE: gone');
    expect(breakers.of(HELLO, '/one.H/Anything').state).toBe('closed');
    expect(breakers.of(HELLO, '/two.H/Anything').state).toBe('open');
  });

  it('obey an order by hand, also those that come to be after it', () => {
    const breakers = new CircuitBreakers(new FakeClock(), () => 0);
    const under = breakers.under(HELLO, RULES);
    const early = under(method('/one.H/Anything'));
    const handle = breakers.of('hello', 'Anything');
    handle.open('ann: migration');
    const late = under(method('/two.H/Anything'));
    expect([early.state, late.state, under(method('/one.H/Other')).state]).toEqual([
      'open',
      'open',
      'closed',
    ]);
    expect([handle.state, handle.cause, handle.manual]).toEqual(['open', 'ann: migration', true]);
    handle.close();
    fail(late);
    expect([late.state, handle.state, handle.cause]).toEqual(['closed', 'closed', '']);
    handle.auto();
    expect(handle.manual).toBe(false);
    fail(late);
    expect(handle.state).toBe('open');
  });

  it('are bounded in number: further methods of a service share one', () => {
    const under = new CircuitBreakers(new FakeClock(), () => 0).under(HELLO, RULES);
    const all = new Set<CircuitBreaker>();
    for (let index = 0; index < 3000; index++) all.add(under(method(`/h.H/M${index}`)));
    expect(all.size).toBe(1025);
  });

  it('are not asked for without a name', () => {
    expect(() => new CircuitBreakers(new FakeClock(), () => 0).of('hello', '')).toThrow(
      'breaker method: "" names no method',
    );
  });

  it('are not asked for by half a path', () => {
    expect(() =>
      new CircuitBreakers(new FakeClock(), () => 0).of('hello', 'hello.v1.Hello/Anything'),
    ).toThrow('breaker method: "hello.v1.Hello/Anything" is no path of a method');
  });

  it('are not opened without a cause', () => {
    const handle = new CircuitBreakers(new FakeClock(), () => 0).of('hello', 'Anything');
    expect(() => handle.open(' ')).toThrow('breaker.open cause: " " says nothing');
    expect(handle.state).toBe('closed');
  });
});
