/** The versions of hello nodes that a canary has: its subsets `v1` and `v2`. */
export const CANARY_VERSIONS = { v1: '1.0.0', v2: '2.0.0' } as const;

/** Before a canary: calls go to v1 alone, whatever else there is. */
export const STABLE_POLICIES = `${subsets()}---
${route('- destination: { host: hello, subset: v1 }')}`;

/**
 * Shares the calls of hello between v1 and v2.
 *
 * @param toV2 - in percent.
 */
export function canaryRoute(toV2: number): string {
  return route(`- { destination: { host: hello, subset: v1 }, weight: ${100 - toV2} }
        - { destination: { host: hello, subset: v2 }, weight: ${toV2} }`);
}

function subsets(): string {
  return `apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: { name: hello }
spec:
  host: hello
  subsets:
    - { name: v1, labels: { version: ${CANARY_VERSIONS.v1} } }
    - { name: v2, labels: { version: ${CANARY_VERSIONS.v2} } }
`;
}

function route(destinations: string): string {
  return `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: hello }
spec:
  hosts: [hello]
  http:
    - route:
        ${destinations}
`;
}
