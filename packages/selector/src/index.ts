export type { Candidate, Standing } from './candidate.js';
export { HashRandom } from './hash-random.js';
export { HashRing } from './hash-ring.js';
export {
  type CallerLabels,
  describeFilter,
  filterKey,
  isLocal,
  matchesFilter,
  type NodeFilter,
} from './node-filter.js';
export { maxEjected, OUTLIER_DEFAULTS, OutlierRecord, type OutlierSettings } from './outlier.js';
export { type Pick, Picker } from './picker.js';
export { RoundRobin } from './round-robin.js';
export type { Strategy, StrategyName } from './strategy.js';
export { Subset } from './subset.js';
