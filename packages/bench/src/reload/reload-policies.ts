import type { NodeCall } from 'micromesh';

/** Of the nodes; a version of the policies sends all calls to one of them, the next to the other. */
export const NODE_VERSIONS = ['1.0.0', '2.0.0'] as const;

/**
 * Policies of which each has something of its own in every place, so that a call that mixes two shows: the rule's name, its time-out, its
 * retries, the name of the subset that it sends calls to, and the nodes that the DestinationRule puts under that name.
 */
export function numberedPolicies(number: number): string {
  return `apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: { name: hello }
spec:
  host: hello
  subsets: [{ name: ${subsetOf(number)}, labels: { version: ${nodeVersionOf(number)} } }]
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: hello }
spec:
  hosts: [hello]
  http:
    - name: ${nameOf(number)}
      timeout: ${timeoutMsOf(number)}ms
      retries: { attempts: ${retriesOf(number)}, retryOn: unavailable }
      route: [{ destination: { host: hello, subset: ${subsetOf(number)} } }]
`;
}

/** What one attempt tells of the policies that it goes by. */
export interface SeenPolicies {
  /** The version as the mesh names it. */
  readonly version: string;
  /** The number that its rule has. */
  readonly number: number;
  /** What does not belong to that number, in words; empty: all does. */
  readonly strange: readonly string[];
}

/** Looks at an attempt; undefined: it goes by no policies. */
export function seenBy({ call: { plan }, node }: NodeCall): SeenPolicies | undefined {
  const { way } = plan;
  if (way?.rule === undefined) return undefined;
  const number = Number(way.rule.name.replace(nameOf(''), ''));
  const pairs: readonly (readonly [what: string, is: unknown, isMeant: unknown])[] = [
    ['rule', way.rule.name, nameOf(number)],
    ['timeout', plan.limitMs, timeoutMsOf(number)],
    ['retries', plan.retries, retriesOf(number)],
    ['subset', way.destination?.subset, subsetOf(number)],
    ['node', node.version, nodeVersionOf(number)],
  ];
  const strange = pairs.flatMap(([what, is, isMeant]) =>
    is === isMeant ? [] : [`${what} ${is} beside rule ${way.rule?.name}`],
  );
  return { version: way.policies.version, number, strange };
}

function nameOf(number: number | ''): string {
  return `number-${number}`;
}

function subsetOf(number: number): string {
  return `subset-${number}`;
}

function timeoutMsOf(number: number): number {
  return 5000 + number;
}

function retriesOf(number: number): number {
  return 5 + (number % 7);
}

function nodeVersionOf(number: number): string {
  return NODE_VERSIONS[number % 2] ?? '';
}
