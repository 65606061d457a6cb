import type { PolicySet } from '@micromesh/policy';

/** The operator's policies, as calls see them. */
export interface PolicyView {
  /** The version in force; one reference, replaced as a whole. Undefined: none has been heard of. */
  readonly current: PolicySet | undefined;
  /** Resolves when calls need not wait for the first word of the policies any more; undefined: that time has come. Never rejects. */
  readonly ready: Promise<void> | undefined;
}
