import type { RetryFunction } from '../retry/retry-function.js';
import type { CallOptions } from './call-options.js';
import type { CodeSettings } from './plan-defaults.js';

/**
 * What code itself says, in the call or the client; defaults of the mesh are nobody's word. Each layer is kept as it was given, so that
 * whose word a value is can be told when somebody asks.
 */
export class CodeWord {
  /**
   * @param call - empty where it says nothing that needs a plan of its own.
   * @param client - its own, without the mesh's.
   * @param mesh - what it leaves open.
   */
  constructor(
    readonly call: CallOptions,
    readonly client: CodeSettings,
    readonly mesh: CodeSettings,
  ) {}

  /** The client's: a call's own needs no plan. */
  get timeoutMs(): number | undefined {
    return this.client.timeoutMs;
  }

  get retries(): number | undefined {
    return this.call.retries ?? this.client.retries;
  }

  get retry(): RetryFunction | undefined {
    return this.call.retry ?? this.client.retry;
  }
}
