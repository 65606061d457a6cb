import { status } from '@grpc/grpc-js';
import type { Outcome } from '@micromesh/core';
import { describe, expect, it } from 'vitest';
import { failedStatus } from '../surface/call-error.js';
import { TestWorld } from '../testing/index.js';

const PLAIN = 'cancelled by the caller';

class UserLeft extends Error {
  override readonly name = 'UserLeft';
}

/** Aborts before the call, or while its node works. */
async function aborted(when: 'before' | 'during', ...reason: unknown[]): Promise<Outcome> {
  const world = new TestWorld();
  await world.nodes('a');
  world.transport.node('a').script = () => ({ kind: 'silence' });
  const controller = new AbortController();
  const abort = () => Reflect.apply(controller.abort, controller, reason);
  if (when === 'before') abort();
  const { call, outcome } = world.call(world.caller(), { signal: controller.signal });
  await world.clock.settle();
  if (when === 'during') abort();
  const ended = await outcome;
  expect(failedStatus(call, ended, world.clock.now())).toMatchObject({
    code: status.CANCELLED,
    details: ended.details,
  });
  expect(failedStatus(call, ended, world.clock.now()).cause).toBe(ended.cause);
  world.room.close();
  return ended;
}

describe.each(['before', 'during'] as const)('the reason of an abort %s the call', (when) => {
  it.each([
    [new Error('my reason'), 'my reason'],
    [new UserLeft(), 'UserLeft'],
    [
      new DOMException('The operation was aborted due to timeout', 'TimeoutError'),
      'The operation was aborted due to timeout',
    ],
    [new DOMException('by the router', 'AbortError'), 'by the router'],
  ])('is told, and is the cause: %s', async (reason, words) => {
    const outcome = await aborted(when, reason);
    expect(outcome).toMatchObject({ reason: 'cancelled', details: `${PLAIN}: ${words}` });
    expect(outcome.cause).toBe(reason);
  });

  it('is told where it is a text', async () => {
    const outcome = await aborted(when, 'the user left');
    expect(outcome.details).toBe(`${PLAIN}: the user left`);
    expect(outcome.cause).toBeUndefined();
  });

  it.each([[[]], [[undefined]], [[null]], [['']], [[{ a: 1 }]]])(
    'is not made up where there is none: %j',
    async (given) => {
      const outcome = await aborted(when, ...given);
      expect(outcome.details).toBe(PLAIN);
      expect(outcome.cause).toBeUndefined();
    },
  );
});
