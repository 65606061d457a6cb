import type { ClientSettings } from '../client-room.js';
import type { Caller } from '../surface/caller.js';
import { TestPolicies } from './test-policies.js';
import { TestWorld } from './test-world.js';

/** The service that the rules are about. */
export const HELLO = { name: 'hello' };
export const NODES = ['a', 'b', 'c', 'd', 'e'];
/** So many calls go to each of these nodes once, as long as all are in. */
export const ROUND = NODES.length;
/** Each call is one attempt, on each node in turn. */
export const CLIENT: ClientSettings = { strategy: 'round-robin', retries: 0, timeoutMs: 1000 };

/** A DestinationRule for `hello`; blocks and subsets are YAML in flow style. */
export function helloTraffic(blocks: string, subsets?: string): string {
  const withSubsets = subsets === undefined ? '' : `, subsets: [${subsets}]`;
  return `apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: { name: hello }
spec: { host: hello, trafficPolicy: { ${blocks} }${withSubsets} }
---
`;
}

/** A DestinationRule for `hello` with an `outlierDetection`, YAML in flow style. */
export function outlier(own: string): string {
  return helloTraffic(`outlierDetection: { ${own} }`);
}

/** A world whose calls are under an operator's rules. */
export class RuledWorld extends TestWorld {
  readonly policies: TestPolicies;

  constructor(text: string) {
    const policies = new TestPolicies(text);
    super(1, { policies });
    this.policies = policies;
  }

  /** Nodes fail with a status from now on, or do not. */
  fail(code: number | undefined, ...ids: readonly string[]): void {
    for (const id of ids) {
      this.transport.node(id).script = ({ messages }) =>
        code === undefined ? { kind: 'answer', messages } : { kind: 'status', code };
    }
  }

  /** Makes so many calls, one after the other; which nodes they went to. */
  async calls(count: number, caller: Caller): Promise<string> {
    const from = this.path.length;
    for (let made = 0; made < count; made++) {
      const { outcome } = this.call(caller);
      await this.clock.settle();
      await outcome;
    }
    return this.path.slice(from).join('');
  }

  /** The nodes that are out, by name. */
  get out(): string {
    const nodes = this.room.report().flatMap((service) => service.nodes);
    return nodes.flatMap(({ id, state }) => (state === 'ejected' ? [id] : [])).join('');
  }
}

/** A world under rules, with nodes that answer. */
export async function worldUnder(
  text: string,
  nodes = NODES,
): Promise<{ world: RuledWorld; caller: Caller }> {
  const world = new RuledWorld(text);
  await world.nodes(...nodes);
  return { world, caller: world.caller(CLIENT) };
}
