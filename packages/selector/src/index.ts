export type { AttemptCounts } from './attempt-window.js';
export type { Candidate, Standing } from './candidate.js';
export { createStrategy, STRATEGY_NAMES } from './create-strategy.js';
export { HashRandom } from './hash-random.js';
export { HashRing } from './hash-ring.js';
export { LeastRequest } from './least-request.js';
export {
  type CallerLabels,
  describeFilter,
  filterKey,
  isLocal,
  matchesFilter,
  type NodeFilter,
} from './node-filter.js';
export { OutlierRecord } from './outlier.js';
export type { NodeFigures } from './outlier-rules.js';
export { maxEjected, OUTLIER_DEFAULTS, type OutlierSettings } from './outlier-settings.js';
export { PeakEwma } from './peak-ewma.js';
export { type Pick, Picker } from './picker.js';
export { PICKER_DEFAULTS, type PickerSettings } from './picker-settings.js';
export { RoundRobin } from './round-robin.js';
export { effectiveWeight } from './slow-start.js';
export type { AttemptSample, Strategy, StrategyName } from './strategy.js';
export { Subset } from './subset.js';
export { Weighted } from './weighted.js';
