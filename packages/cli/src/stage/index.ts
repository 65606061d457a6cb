export {
  type FindConsulOptions,
  type FoundConsul,
  findConsul,
  NO_CONSUL_MESSAGE,
} from './consul/find-consul.js';
export { type RunningConsul, type StartConsulOptions, startConsul } from './consul/start-consul.js';
export { type RunningConsulCluster, startConsulCluster } from './consul/start-consul-cluster.js';
export { freePort, freePorts } from './free-ports.js';
export { type Guardian, startGuardian } from './guardian.js';
export { NetworkNamespace } from './network-namespace.js';
export { startClusterPart } from './registry/cluster-part.js';
export { startConsulPart } from './registry/consul-part.js';
export { startDevAgentPart } from './registry/dev-agent-part.js';
export type { ClusterPart, RegistryPart } from './registry/registry-part.js';
