import { status } from '@grpc/grpc-js';
import { TestWorld } from './test-world.js';

/** A node fails each attempt. */
export const INTERNAL = () => ({ kind: 'status', code: status.INTERNAL }) as const;
/** A call goes to one node after the other. */
export const ROUND_ROBIN = { strategy: 'round-robin' } as const;

/** A world with these nodes. */
export async function worldWith(...ids: string[]): Promise<TestWorld> {
  const world = new TestWorld();
  await world.nodes(...ids);
  return world;
}
