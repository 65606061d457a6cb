import type { Random } from '@micromesh/core';
import { HashRandom } from './hash-random.js';
import { LeastRequest } from './least-request.js';
import { PeakEwma } from './peak-ewma.js';
import { RoundRobin } from './round-robin.js';
import type { Strategy, StrategyName } from './strategy.js';
import { Weighted } from './weighted.js';

type Make = (random: Random, slowStartMs: number) => Strategy;

const STRATEGIES: Readonly<Record<StrategyName, Make>> = {
  'hash-random': (random, slowStartMs) => new HashRandom(random, slowStartMs),
  'round-robin': (_random, slowStartMs) => new RoundRobin(slowStartMs),
  'least-request': (random, slowStartMs) => new LeastRequest(random, slowStartMs),
  weighted: (random, slowStartMs) => new Weighted(random, slowStartMs),
  'peak-ewma': (random, slowStartMs) => new PeakEwma(random, slowStartMs),
};

/** Every {@link StrategyName}, the default first. */
export const STRATEGY_NAMES: readonly StrategyName[] = [
  'hash-random',
  'round-robin',
  'least-request',
  'weighted',
  'peak-ewma',
];

/**
 * Makes a strategy: one object a service.
 *
 * @param slowStartMs - how long a node that joins or returns warms up, see `effectiveWeight`; default 0: not at all.
 */
export function createStrategy(name: StrategyName, random: Random, slowStartMs = 0): Strategy {
  return STRATEGIES[name](random, slowStartMs);
}
