import { Metadata } from '@grpc/grpc-js';
import type { Caller } from '../surface/caller.js';
import type { RecordedAttempt } from './node-script.js';
import { helloRules, TestPolicies } from './test-policies.js';
import { TestWorld, testNode } from './test-world.js';

/**
 * A world whose calls to `hello`, node `a`, go by one rule; `shadow` has the node `s`, `other` the node `o`.
 *
 * @param fields - the rule's, YAML in flow style
 * @param more - resources, YAML
 */
export async function mirroredWorld(fields: string, more = ''): Promise<TestWorld> {
  const world = new TestWorld(1, {
    policies: new TestPolicies(helloRules(`{ ${fields} }`) + more),
  });
  world.registry.show({ name: 'shadow' }, [testNode('s')]);
  world.registry.show({ name: 'other' }, [testNode('o')]);
  await world.nodes('a');
  return world;
}

/** Requests that a node got. */
export function requestsOf(world: TestWorld, nodeId: string): readonly RecordedAttempt[] {
  return world.transport.attempts.filter((attempt) => attempt.nodeId === nodeId);
}

/** A call whose messages come one by one. */
export function openCall(caller: Caller) {
  const method = { path: '/hello.v1.Hello/Many', service: 'hello.v1.Hello', name: 'Many' };
  const call = caller.newCall(
    { ...method, kind: 'clientStream', idempotency: 'unknown' },
    new Metadata(),
    {},
    {
      onHeaders() {},
      onMessage: () => call.requestRead(),
    },
  );
  const outcome = caller.start(call);
  call.requestRead();
  const send = (text: string) => call.pushMessage({ bytes: Buffer.from(text), flags: 0, written: undefined });
  return { call, outcome, send };
}
