import type { NodeFilter, StrategyName } from '@micromesh/selector';
import type { RetryFunction } from '../retry/retry-function.js';
import type { CallOptions } from './call-options.js';

/** What a client says for all its calls, over what the mesh says. */
export interface PlanDefaults
  extends Omit<CallOptions, 'signal' | 'metadata' | 'hashKey' | 'idempotent' | 'idempotencyKey' | 'trace'> {
  /** Names of methods that may run twice (as the definition or the .proto has them), or all. */
  readonly idempotent?: readonly string[] | boolean;
  readonly retry?: RetryFunction;
  readonly filter?: NodeFilter;
  /** A random key on every call: see {@link CallOptions.idempotencyKey}. */
  readonly idempotencyKey?: boolean;
}

/** All that one layer of code, the client or the mesh, says of how calls are made. */
export interface CodeSettings extends PlanDefaults {
  readonly strategy?: StrategyName;
}
