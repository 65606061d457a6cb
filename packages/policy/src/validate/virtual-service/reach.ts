import type { VirtualServiceSpec } from '../../schema/virtual-service/virtual-service.js';
import type { Finder } from '../finder.js';

/** Istio's word for the calls of processes. */
export const MESH = 'mesh';

/** Whether a VirtualService is for the calls of processes, for an HTTP gateway, or for both; both where it cannot be said. */
export function reachOf(
  spec: VirtualServiceSpec,
  find: Finder,
): { readonly mesh: boolean; readonly gateway: boolean } {
  if (find.isUncertain(['spec', 'gateways'])) return { mesh: true, gateway: true };
  const gateways = spec.gateways ?? [MESH];
  return { mesh: gateways.includes(MESH), gateway: gateways.some((each) => each !== MESH) };
}
