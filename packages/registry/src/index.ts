export { consul } from './consul/consul.js';
export type { ConsulOptions, ConsulTls } from './consul/consul-options.js';
export { DEV_AGENT_HEADER } from './dev-agent-header.js';
export { type MemoryOptions, memory } from './memory.js';
export {
  type Registered,
  type Registration,
  type Registry,
  RegistryError,
  type ServiceSummary,
  type ServiceWatch,
  type WatchState,
} from './registry.js';
export { type RegistryParts, registryFrom } from './registry-from.js';
export { type StaticServices, staticRegistry } from './static.js';
