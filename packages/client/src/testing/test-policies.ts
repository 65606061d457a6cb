import { formatProblem, type PolicyCaller, PolicySet, readResources, validate } from '@micromesh/policy';
import type { PolicyView } from '../routing/policy-view.js';

/** Policies that a test sets. */
export class TestPolicies implements PolicyView {
  current: PolicySet | undefined;
  ready: Promise<void> | undefined;
  readonly #caller: PolicyCaller;
  #version = 0;

  /** @param text - of YAML; default: there are none. */
  constructor(text = '', caller: PolicyCaller = { labels: {} }) {
    this.#caller = caller;
    if (text !== '') this.set(text);
  }

  /** Puts another version in force. @throws Error when it has an error. */
  set(text: string): void {
    const { documents, problems } = readResources(text, 'test.yaml');
    const { resources, problems: more } = validate(documents);
    const errors = [...problems, ...more].filter(({ severity }) => severity === 'error');
    if (errors.length > 0) throw new Error(errors.map(formatProblem).join('\n'));
    this.#version++;
    this.current = PolicySet.compile(resources, { version: `v${this.#version}`, caller: this.#caller });
  }
}

/** A VirtualService for `hello`; each rule is YAML in flow style. */
export function helloRules(...rules: readonly string[]): string {
  const lines = rules.map((rule) => `    - ${rule}\n`).join('');
  return `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: hello }
spec:
  hosts: [hello]
  http:
${lines}---
`;
}

/** A DestinationRule for `hello` with a subset for each version. */
export function helloSubsets(...versions: readonly string[]): string {
  const subsets = versions.map((version) => `{ name: v${version}, labels: { version: "${version}" } }`);
  return `apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: { name: hello }
spec: { host: hello, subsets: [${subsets.join(', ')}] }
---
`;
}
