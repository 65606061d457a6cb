import type { Clock, Logger } from '@micromesh/core';
import type { KeyValueStore } from '@micromesh/registry';
import type { Problem } from '../problem.js';
import type { Resource } from '../validate/resource.js';

/** A whole set of resources that can be applied. */
export interface GoodPolicies {
  readonly kind: 'good';
  /** Names the set; another one has another name. */
  readonly version: string;
  /** Read and validated together. */
  readonly resources: readonly Resource[];
  /** Warnings alone. */
  readonly problems: readonly Problem[];
}

/** A whole set of which nothing is applied, for its errors. */
export interface BadPolicies {
  readonly kind: 'bad';
  /** Empty where it cannot be told. */
  readonly version: string;
  /** At least one error. */
  readonly problems: readonly Problem[];
}

/** It cannot be told now what the policies are; what was said last stays in force. */
export interface UnknownPolicies {
  readonly kind: 'unknown';
  readonly error: string;
}

/** One word of a source. */
export type PolicyWord = GoodPolicies | BadPolicies | UnknownPolicies;

/** Takes the words of a source. */
export type PolicyListener = (word: PolicyWord) => void;

/** A place where policies are, watched. A set is told as a whole or not at all. */
export interface PolicySource {
  /** For events and messages: `folder ./policies`. */
  readonly description: string;
  /** Calls `listener` with the last word, where there is one, and with each later one until the returned function is called. */
  watch(listener: PolicyListener): () => void;
  /** Ends the watch: no timer and no socket is left. */
  close(): void;
}

/** What a source is opened with. */
export interface PolicySourceParts {
  readonly clock: Clock;
  readonly logger: Logger;
  /** Those of the mesh's registry, where it has some. */
  readonly keyValues: KeyValueStore | undefined;
}

/** A place where policies are, before it is watched: what `createMesh({ policies })` takes. */
export interface PolicyPlace {
  /** For events and messages: `folder ./policies`. */
  readonly description: string;
  /**
   * Begins to watch it; who reads policies is loaded first, so that a process without any does not pay for that.
   *
   * @throws ConfigError, at once, where the parts lack what it needs.
   */
  open(parts: PolicySourceParts): Promise<PolicySource>;
}
