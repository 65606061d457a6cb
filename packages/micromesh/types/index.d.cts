// What a CommonJS file sees. Node's `require` takes an ES module, but TypeScript lets a CommonJS file import one by its own types only
// from `module: node20` on; through these it does with `node16` and `node18` too. Types come by themselves, values are listed.
import type * as micromesh from '../dist/index.js' with { 'resolution-mode': 'import' };

export type * from '../dist/index.js' with { 'resolution-mode': 'import' };

export declare const CallError: typeof micromesh.CallError;
export type CallError = micromesh.CallError;
export declare const ConfigError: typeof micromesh.ConfigError;
export type ConfigError = micromesh.ConfigError;
export declare const consul: typeof micromesh.consul;
export declare const consulKv: typeof micromesh.consulKv;
export declare const createContextKey: typeof micromesh.createContextKey;
export declare const createMesh: typeof micromesh.createMesh;
export declare const createPinoLogger: typeof micromesh.createPinoLogger;
export declare const describeOrigin: typeof micromesh.describeOrigin;
export declare const events: typeof micromesh.events;
export declare const folder: typeof micromesh.folder;
export declare const idempotency: typeof micromesh.idempotency;
export declare const keyValueIdempotencyStore: typeof micromesh.keyValueIdempotencyStore;
export declare const memory: typeof micromesh.memory;
export declare const memoryIdempotencyStore: typeof micromesh.memoryIdempotencyStore;
export declare const RegistryError: typeof micromesh.RegistryError;
export type RegistryError = micromesh.RegistryError;
export declare const RpcError: typeof micromesh.RpcError;
export type RpcError = micromesh.RpcError;
export declare const retryAlways: typeof micromesh.retryAlways;
export declare const retryNever: typeof micromesh.retryNever;
export declare const retryOnCodes: typeof micromesh.retryOnCodes;
export declare const retryOnConnectFailure: typeof micromesh.retryOnConnectFailure;
export declare const retryOnError: typeof micromesh.retryOnError;
export declare const retrySafely: typeof micromesh.retrySafely;
export declare const staticRegistry: typeof micromesh.staticRegistry;
