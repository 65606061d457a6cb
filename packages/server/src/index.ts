export { type ContextKey, type ContextValues, createContextKey } from './context-values.js';
export { DebugClient, type ListNodesReply } from './gen/micromesh/v1/debug.js';
export type { HandlerContext } from './handler-context.js';
export type { HandlerOf, Handlers, NoOthers } from './handlers.js';
export { type IdempotencyOptions, idempotency, REPLAYED } from './idempotency/idempotency.js';
export type {
  IdempotencyClaim,
  IdempotencyStore,
  IdempotencyVerdict,
  KeyedCall,
  StoredAnswer,
} from './idempotency/idempotency-store.js';
export {
  type KeyValueIdempotencyOptions,
  keyValueIdempotencyStore,
} from './idempotency/key-value-idempotency-store.js';
export {
  type MemoryIdempotencyOptions,
  memoryIdempotencyStore,
} from './idempotency/memory-idempotency-store.js';
export type { MetadataPairs } from './idempotency/metadata-pairs.js';
export type { StoreLimits } from './idempotency/store-limits.js';
export type { ServeCall, ServerInterceptor } from './interceptor.js';
export { checkServerLimits, type ServerLimits } from './limits/server-limits.js';
export type { ServerPolicies } from './limits/server-policies.js';
export { exitWithParent, tellReady } from './parent-process.js';
export { RpcError } from './rpc-error.js';
export type { DrainOptions, RunningServer, ServerState } from './running-server.js';
export { createServer, type ServerBuilder } from './server-builder.js';
export type { CreateServerOptions, StartOptions } from './server-options.js';
