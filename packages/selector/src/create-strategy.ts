import type { Random } from '@micromesh/core';
import { HashRandom } from './hash-random.js';
import { LeastRequest } from './least-request.js';
import { Maglev } from './maglev.js';
import { PeakEwma } from './peak-ewma.js';
import { RingHash } from './ring-hash.js';
import { RoundRobin } from './round-robin.js';
import type { Strategy, StrategyName } from './strategy.js';
import { UniformRandom } from './uniform-random.js';
import { NO_WARM_UP, type WarmUp } from './warm-up.js';
import { Weighted } from './weighted.js';

type Make = (random: Random, warmUp: WarmUp) => Strategy;

const STRATEGIES: Readonly<Record<StrategyName, Make>> = {
  'hash-random': (random, warmUp) => new HashRandom(random, warmUp),
  'round-robin': (_random, warmUp) => new RoundRobin(warmUp),
  'least-request': (random, warmUp) => new LeastRequest(random, warmUp),
  weighted: (random, warmUp) => new Weighted(random, warmUp),
  'peak-ewma': (random, warmUp) => new PeakEwma(random, warmUp),
  random: (random) => new UniformRandom(random),
  'ring-hash': (random) => new RingHash(random),
  maglev: (random) => new Maglev(random),
};

/** Every {@link StrategyName}, the default first. */
export const STRATEGY_NAMES: readonly StrategyName[] = [
  'hash-random',
  'round-robin',
  'least-request',
  'weighted',
  'peak-ewma',
  'random',
  'ring-hash',
  'maglev',
];

/**
 * Makes a strategy: one object a service.
 *
 * @param warmUp - of nodes that join or return; default: none. `random`, `ring-hash` and `maglev` know none, as in Envoy.
 */
export function createStrategy(name: StrategyName, random: Random, warmUp = NO_WARM_UP): Strategy {
  return STRATEGIES[name](random, warmUp);
}
