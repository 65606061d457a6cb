// What a call needs of the policies; without the schema, which takes longer to load than all else that a call needs.
export { isInLocality } from '../compile/traffic/compile-locality.js';
export { NO_TRAFFIC_SETTINGS } from '../compile/traffic/traffic-settings.js';
export type { CorsRule } from './cors-rule.js';
export { drawDestination } from './draw-destination.js';
export type { DrawnFault, FaultRule } from './fault-rule.js';
export { drawFault } from './fault-rule.js';
export { applyHeaderEdits, type HeaderEdits, type HeaderStore, NO_EDITS } from './header-edits.js';
export { grpcStatusOfHttp } from './http-status.js';
export { drawMirrors, type Mirror } from './mirror.js';
export { type AttemptFailure, retries } from './retries.js';
export type { PolicyCaller, RouteRequest } from './route-request.js';
export type {
  DirectResponseAction,
  MatchBlock,
  RedirectAction,
  RetryRule,
  RouteAction,
  RouteRule,
} from './route-rule.js';
export type { RouteMatch } from './route-table.js';
export type { RouteDestination } from './weighted-destinations.js';
