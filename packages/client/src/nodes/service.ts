import type { Places, ServiceKey } from '@micromesh/core';
import type { RetryConcurrency } from '../limits/retry-concurrency.js';
import type { RetryBudget } from '../retry/retry-budget.js';
import type { ClusterEjections } from './cluster-ejections.js';
import type { ServiceNodes } from './service-nodes.js';

/** A service as calls see it: its nodes, and what all its calls share. */
export interface Service {
  readonly key: ServiceKey;
  /** For messages: `hello`, `hello?dc=dc2`. */
  readonly name: string;
  readonly nodes: ServiceNodes;
  readonly budget: RetryBudget;
  /** How many of its calls may retry at a time; left out: any number. */
  readonly retryConcurrency?: RetryConcurrency;
  /** By an operator's rule, in place of micromesh's own; left out: there is none. */
  readonly ejections?: ClusterEjections;
  /** How many calls an operator lets be under way at a time; left out: any number. */
  readonly places?: Places;
  /** How many of them may wait for a connection where there is none; left out: any number. */
  readonly pending?: Places;
}
