import { Metadata, status } from '@grpc/grpc-js';
import type { CallOptions } from '../call/call-options.js';
import type { ClientSettings } from '../client-room.js';
import { helloTraffic, NODES } from './ruled-world.js';
import { TestPolicies } from './test-policies.js';
import { TestWorld } from './test-world.js';

/** A consistent hash by a header, YAML in flow style. */
export const BY_HEADER = 'consistentHash: { httpHeaderName: x-user }';

/** A DestinationRule for `hello` with a `loadBalancer`; both are YAML in flow style. */
export function balanced(loadBalancer: string, more = ''): string {
  return helloTraffic(`loadBalancer: { ${loadBalancer} }${more}`);
}

/** A world under these policies, with these nodes. */
export async function worldOf(text: string, ids: readonly string[] = NODES, seed = 1): Promise<TestWorld> {
  const world = new TestWorld(seed, { policies: new TestPolicies(text) });
  await world.nodes(...ids);
  return world;
}

/** Makes calls, and tells which nodes they went to, in order. @throws Error when one fails. */
export async function pathOf(
  world: TestWorld,
  calls: readonly CallOptions[],
  client: ClientSettings = {},
): Promise<readonly string[]> {
  const before = world.path.length;
  const caller = world.caller(client);
  for (const options of calls) {
    const { outcome } = world.call(caller, options);
    await world.clock.settle();
    const { code, details } = await outcome;
    if (code !== status.OK) throw new Error(`a call failed: ${code} ${details}`);
  }
  return world.path.slice(before);
}

/** Options of a call with a header. */
export function withHeader(name: string, value: string): CallOptions {
  const metadata = new Metadata();
  metadata.set(name, value);
  return { metadata };
}

/** The same options for so many calls. */
export function times(count: number, options: CallOptions = {}): readonly CallOptions[] {
  return Array.from({ length: count }, () => options);
}
