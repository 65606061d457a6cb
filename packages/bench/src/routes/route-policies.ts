import type { PolicyText } from '@micromesh/policy';

const SERVICES = 50;
const RULES = 20;

/** What the calls of the bench carry, so that the last rule of 20 takes them. */
export const USER_HEADER = 'x-user';
export const USER = 'anna-of-the-last-rule';

/**
 * 50 VirtualServices of 20 rules each, and as many DestinationRules: of service `hello` and 49 others. The last rule of each takes the
 * bench's calls, and shares them 90/10 between two subsets.
 *
 * @param match - of the rules before it, by their number.
 */
export function manyRoutes(match: (rule: number) => string): readonly PolicyText[] {
  const names = ['hello', ...Array.from({ length: SERVICES - 1 }, (_, index) => `service-${index + 1}`)];
  return names.map((name) => ({
    file: `${name}.yaml`,
    text: destinationRule(name) + virtualService(name, match),
  }));
}

function destinationRule(name: string): string {
  return `apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: { name: ${name} }
spec:
  host: ${name}
  subsets: [{ name: v1, labels: { version: "1" } }, { name: v2, labels: { version: "2" } }]
---
`;
}

function virtualService(name: string, match: (rule: number) => string): string {
  const common = 'timeout: 4s, retries: { attempts: 2, retryOn: unavailable }';
  const before = Array.from(
    { length: RULES - 1 },
    (_, rule) => `    - { name: rule-${rule}, match: [${match(rule)}], ${common}, ${split(name, 50)} }\n`,
  );
  return `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: ${name} }
spec:
  hosts: [${name}]
  http:
${before.join('')}    - { name: last, ${common}, ${split(name, 10)} }
---
`;
}

function split(name: string, toV2: number): string {
  const to = (subset: string, weight: number) =>
    `{ destination: { host: ${name}, subset: ${subset} }, weight: ${weight} }`;
  return `route: [${to('v1', 100 - toV2)}, ${to('v2', toV2)}]`;
}
