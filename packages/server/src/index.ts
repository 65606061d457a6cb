export { type ContextKey, type ContextValues, createContextKey } from './context-values.js';
export type { HandlerContext } from './handler-context.js';
export type { HandlerOf, Handlers, NoOthers } from './handlers.js';
export type { ServeCall, ServerInterceptor } from './interceptor.js';
export { RpcError } from './rpc-error.js';
export type { DrainOptions, RunningServer, ServerState } from './running-server.js';
export { createServer, type ServerBuilder } from './server-builder.js';
export type { CreateServerOptions, StartOptions } from './server-options.js';
