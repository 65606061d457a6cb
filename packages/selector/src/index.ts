export type { AttemptCounts } from './attempt-window.js';
export type { Candidate, Standing } from './candidate.js';
export { createStrategy, STRATEGY_NAMES } from './create-strategy.js';
export { HashRandom } from './hash-random.js';
export { HashRing } from './hash-ring.js';
export type { KeyTable } from './key-table.js';
export { LeastRequest } from './least-request.js';
export type { LocalityRule, LocalityShare, NearLabel } from './locality-rule.js';
export { Maglev, TABLE_SIZE } from './maglev.js';
export { MaglevTable } from './maglev-table.js';
export {
  type CallerLabels,
  describeFilter,
  filterKey,
  isLocal,
  matchesFilter,
  type NodeFilter,
} from './node-filter.js';
export { OutlierRecord } from './outlier.js';
export {
  type EjectionField,
  httpStatusOfGrpc,
  OutlierDetection,
  type OutlierDetectionOwner,
  type OutlierDetectionSettings,
} from './outlier-detection.js';
export type { NodeFigures } from './outlier-rules.js';
export { maxEjected, OUTLIER_DEFAULTS, type OutlierSettings } from './outlier-settings.js';
export { Pace } from './pace.js';
export { PeakEwma } from './peak-ewma.js';
export { type Pick, Picker } from './picker.js';
export { PICKER_DEFAULTS, type PickerSettings } from './picker-settings.js';
export { RING_SIZE, RingHash } from './ring-hash.js';
export { RoundRobin } from './round-robin.js';
export type { AttemptSample, Strategy, StrategyName } from './strategy.js';
export { Subset } from './subset.js';
export { UniformRandom } from './uniform-random.js';
export {
  effectiveWeight,
  NO_WARM_UP,
  slowStart,
  type WarmUp,
  type WarmUpCurve,
  warmUpCurve,
} from './warm-up.js';
export { Weighted } from './weighted.js';
