/** Why a kind of Istio or Kubernetes does not belong here, and what to do instead. */
export interface ForeignKind {
  readonly why: string;
  readonly instead: string;
}

const SECURITY: ForeignKind = {
  why: 'it is about security, which traffic policies say nothing of',
  instead: 'keep it out of this folder',
};
const KUBERNETES: ForeignKind = {
  why: 'it is for Kubernetes',
  instead: 'keep it out of this folder; services register themselves',
};
const GATEWAY_API: ForeignKind = {
  why: "micromesh reads Istio's own resources, not the Gateway API",
  instead: 'write a VirtualService',
};

/** Kinds that people have beside their VirtualServices. */
export const FOREIGN_KINDS: ReadonlyMap<string, ForeignKind> = new Map([
  [
    'Gateway',
    {
      why: 'it configures proxies at the edge, which there are none of',
      instead: "start micromesh's HTTP gateway, and name it in the gateways of a VirtualService",
    },
  ],
  [
    'ServiceEntry',
    {
      why: 'services are what the registry knows',
      instead: 'register the service in Consul, or use the registry static:NAME=HOST:PORT',
    },
  ],
  ['WorkloadEntry', { why: 'nodes are what the registry knows', instead: 'register the node in Consul' }],
  ['WorkloadGroup', { why: 'nodes are what the registry knows', instead: 'register the nodes in Consul' }],
  [
    'EnvoyFilter',
    {
      why: 'there is no Envoy to patch',
      instead: 'write an interceptor, or a RateLimit or ConcurrencyLimit of micromesh.io/v1',
    },
  ],
  [
    'Sidecar',
    {
      why: 'there is no sidecar: a process watches the services that it calls, and no others',
      instead: 'take it out',
    },
  ],
  ['ProxyConfig', { why: 'there is no proxy', instead: 'take it out' }],
  ['WasmPlugin', { why: 'there is no proxy that could run it', instead: 'write an interceptor' }],
  [
    'Telemetry',
    { why: 'metrics, traces and logs are set up in code', instead: "subscribe to micromesh's events" },
  ],
  ['PeerAuthentication', SECURITY],
  ['RequestAuthentication', SECURITY],
  ['AuthorizationPolicy', SECURITY],
  ['Service', KUBERNETES],
  ['Deployment', KUBERNETES],
  ['Pod', KUBERNETES],
  ['ConfigMap', KUBERNETES],
  ['Namespace', KUBERNETES],
  ['Secret', KUBERNETES],
  ['Ingress', KUBERNETES],
  ['ServiceAccount', KUBERNETES],
  ['HTTPRoute', GATEWAY_API],
  ['GRPCRoute', GATEWAY_API],
]);
