import type { ServiceKey } from '@micromesh/core';
import type { RetryConcurrency } from '../limits/retry-concurrency.js';
import type { RetryBudget } from '../retry/retry-budget.js';
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
}
