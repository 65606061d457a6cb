export { type Address, formatAddress, parseAddress } from './address.js';
export { type CallContext, currentCallContext, runDetached, runInCallContext } from './call-context.js';
export {
  type AttemptTrace,
  type CallTrace,
  type CandidateTrace,
  describeOrigin,
  type PlanTrace,
  type PolicyWordOrigin,
  type RouteTrace,
  type TracedValue,
  type ValueOrigin,
} from './call-trace.js';
export { createAbortController, onAbort } from './cancellation.js';
export { type Classification, classify } from './classify.js';
export { type Clock, MAX_TIMER_MS, systemClock, type Timer } from './clock.js';
export { ConfigError, messageOf } from './errors.js';
export {
  type AbandonedEvent,
  type AttemptEvent,
  type BreakerEvent,
  type BreakerState,
  type CallEvent,
  type DryRunEvent,
  EventChannel,
  events,
  type HedgeEvent,
  type InterventionEvent,
  type MirrorEvent,
  type NodeEvent,
  type NodeState,
  type PolicyAppliedEvent,
  type PolicyEvent,
  type PolicyRefusedEvent,
  type PolicySourceEvent,
  type QuestionEvent,
  type RegistrationEvent,
  type RegistryEvent,
  type RetryStopEvent,
  type ServerEvent,
  type ShedEvent,
  type SnapshotEvent,
} from './events.js';
export { IDEMPOTENCY_KEY, idempotencyKey } from './idempotency-key.js';
export { type Logger, silentLogger } from './logger.js';
export { isLoopbackHost, namesLoopback } from './loopback.js';
export { DIRECT_RESPONSE, MESH_REASON } from './mesh-reason.js';
export {
  type Idempotency,
  type Method,
  type MethodKind,
  receivesOneMessage,
  sendsOneMessage,
  splitMethodPath,
} from './method.js';
export type { ServiceNode, Snapshot } from './node.js';
export type { NodeReport, ServiceReport } from './node-report.js';
export {
  anyValue,
  type Check,
  type Checks,
  flagValue,
  functionLike,
  integerOf,
  listOf,
  nameValue,
  numberOf,
  objectWith,
  optionsOf,
  textValue,
  valuesByName,
  wordOf,
} from './option-checks.js';
export { checkInteger, checkNumber, checkOptionNames, nearestName } from './options.js';
export type { Delivery, Origin, Outcome, Reason } from './outcome.js';
export { Places } from './places.js';
export { type Random, seededRandom, systemRandom } from './random.js';
export { CAME_LATE, SENT_AT } from './send-stamp.js';
export {
  type DefinedMethod,
  FILE_DESCRIPTOR_SET,
  type KindOf,
  type MethodDefinition,
  type RequestOf,
  type ResponseOf,
  readServiceDefinition,
  type ServiceDefinition,
} from './service-definition.js';
export { formatServiceKey, type ServiceKey, toServiceKey } from './service-key.js';
export { statusName } from './status.js';
export { abortable, sleep, within } from './waiting.js';
