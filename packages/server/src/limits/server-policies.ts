import type { LimitPolicyView } from '@micromesh/policy/limits';

/** The operator's policies, as a server sees them. */
export interface ServerPolicies extends LimitPolicyView {
  /** Resolves when a server need not wait for the first word of the policies any more; undefined: that time has come. Never rejects. */
  readonly ready?: Promise<void> | undefined;
}
