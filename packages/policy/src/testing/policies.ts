import { PolicySet } from '../compile/policy-set.js';
import { readResources } from '../document/read-resources.js';
import { formatProblem } from '../problem.js';
import type { PolicyCaller, RouteRequest } from '../route/route-request.js';
import type { RouteTable } from '../route/route-table.js';
import type { Resource } from '../validate/resource.js';
import { validate } from '../validate/validate.js';

/** Resources of a text of YAML that must have no errors. */
export function resourcesOf(text: string): readonly Resource[] {
  const { documents, problems } = readResources(text, 'test.yaml');
  const result = validate(documents);
  const errors = [...problems, ...result.problems].filter(({ severity }) => severity === 'error');
  if (errors.length > 0) throw new Error(errors.map(formatProblem).join('\n'));
  return result.resources;
}

/** Compiles a text of YAML for a caller. */
export function policySet(text: string, caller: PolicyCaller = { labels: {} }): PolicySet {
  return PolicySet.compile(resourcesOf(text), { version: 'v1', caller });
}

/** A VirtualService `hello` with these rules, each a line of YAML in flow style. */
export function helloRules(...rules: readonly string[]): string {
  return virtualService('hello', 'hosts: [hello]', rules);
}

/** A VirtualService with these rules, each a line of YAML in flow style. */
export function virtualService(name: string, spec: string, rules: readonly string[], metadata = ''): string {
  return [
    'apiVersion: networking.istio.io/v1',
    'kind: VirtualService',
    `metadata: { name: ${name}${metadata} }`,
    'spec:',
    ...(spec === '' ? [] : [`  ${spec}`]),
    '  http:',
    ...rules.map((rule) => `    - ${rule}`),
    '---',
    '',
  ].join('\n');
}

/** A DestinationRule whose spec is YAML in flow style. */
export function destinationRule(name: string, spec: string, metadata = ''): string {
  return `apiVersion: networking.istio.io/v1\nkind: DestinationRule\nmetadata: { name: ${name}${metadata} }\nspec: ${spec}\n---\n`;
}

/** The rules for calls to `hello`. */
export function helloTable(text: string, caller?: PolicyCaller): RouteTable {
  const table = policySet(text, caller).of({ name: 'hello' })?.routes;
  if (table === undefined) throw new Error('hello has no rules');
  return table;
}

/** A gRPC call to `hello`, but for what is given. */
export function callOf(
  given: Partial<Omit<RouteRequest, 'header'>> & { readonly headers?: Readonly<Record<string, string>> } = {},
): RouteRequest {
  const { headers = {}, ...others } = given;
  return {
    path: '/hello.v1.Hello/Anything',
    authority: 'hello',
    scheme: 'http',
    verb: 'POST',
    ...others,
    header: (name) => headers[name],
    hasAnyHeader: (names) => Object.keys(headers).some((name) => names.has(name)),
  };
}
