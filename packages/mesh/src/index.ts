export { createMesh, type Mesh } from './create-mesh.js';
export type { DryRunCount } from './dry-run-counts.js';
export { type GatewayMatch, type GatewayRules, gatewayRules } from './gateway-rules.js';
export { meshLogger } from './mesh-logger.js';
export type {
  ChannelSettings,
  ClientOptions,
  Identity,
  MeshDefaults,
  MeshOptions,
  MeshServerOptions,
  RetryBudgetOptions,
} from './mesh-options.js';
export { createPinoLogger } from './pino-logger.js';
