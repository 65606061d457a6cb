export { consul } from './consul/consul.js';
export type { ConsulOptions, ConsulTls } from './consul/consul-options.js';
export { type DevAgent, type DevAgentOptions, startDevAgent } from './dev-agent/dev-agent.js';
export {
  DEFAULT_DEV_AGENT_PORT,
  DEV_AGENT_PORT_VARIABLE,
  type DevAgentPlace,
} from './dev-agent/dev-agent-options.js';
export { type EmbeddedOptions, embedded } from './dev-agent/embedded.js';
export type { MisbehaveOptions, Misbehaviour } from './dev-agent/misbehaviour.js';
export { type SpawnedDevAgent, spawnDevAgent } from './dev-agent/spawn-dev-agent.js';
export type {
  KeyValueStore,
  KvEntry,
  KvWatch,
  KvWatchState,
  KvWriteOptions,
} from './kv/key-value-store.js';
export { MAX_KV_VALUE_BYTES } from './kv/kv-rules.js';
export { MemoryKeyValueStore, MemoryKeyValues } from './kv/memory-key-value-store.js';
export { type MemoryOptions, memory } from './memory.js';
export {
  type KeyValueRegistry,
  type Registered,
  type Registration,
  type Registry,
  RegistryError,
  type ServiceSummary,
  type ServiceWatch,
  type WatchState,
} from './registry.js';
export { type RegistryParts, registryFrom } from './registry-from.js';
export { shownSpec } from './shown-spec.js';
export { type StaticServices, staticRegistry } from './static.js';
