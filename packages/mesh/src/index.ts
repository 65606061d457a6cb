export { createMesh, type Mesh, type MeshServerOptions } from './create-mesh.js';
export type {
  ChannelSettings,
  ClientOptions,
  Identity,
  MeshDefaults,
  MeshOptions,
  RetryBudgetOptions,
} from './mesh-options.js';
export { createPinoLogger } from './pino-logger.js';
