import type { PolicyText } from '../sources/read-policies.js';

/** A VirtualService in a file of its own, for tests. */
export function virtualService(name: string, timeout = '1s', file = `${name}.yaml`): PolicyText {
  const text = `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: ${name} }
spec:
  hosts: [${name}]
  http: [{ timeout: ${timeout}, route: [{ destination: { host: ${name} } }] }]
`;
  return { file, text };
}
