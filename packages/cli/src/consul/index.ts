export { type ConsulCommandIo, runConsulCommand } from './consul-command.js';
export {
  CONSUL_BIN_VARIABLE,
  cachedConsulPath,
  type FindConsulOptions,
  type FoundConsul,
  findConsul,
  NO_CONSUL_MESSAGE,
} from './find-consul.js';
export { type RunningConsul, type StartConsulOptions, startConsul } from './start-consul.js';
export { type RunningConsulCluster, startConsulCluster } from './start-consul-cluster.js';
