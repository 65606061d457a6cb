export type { Attempt as NodeCall } from './attempt/attempt.js';
export { withOptions } from './call/ambient-options.js';
export type { AttemptRecord } from './call/attempt-record.js';
export { checkCallOptions, PLAN_OPTION_CHECKS } from './call/call-option-checks.js';
export type { CallOptions } from './call/call-options.js';
export type { CallPlan } from './call/call-plan.js';
export type { Call, PlannedCall } from './call/client-call.js';
export type { PlanDefaults } from './call/plan-defaults.js';
export { DEFAULT_TIMEOUT_MS } from './call/planner.js';
export type { AttemptInterceptor, CallInterceptor } from './chain/chain.js';
export type { Interceptor, Invoke } from './chain/interceptor.js';
export { ClientRoom, type ClientRoomParts, type ClientSettings } from './client-room.js';
export type { WouldBeRoute } from './dry-run/watched-call.js';
export { interventionsInForce } from './interventions/in-force.js';
export {
  checkIntervention,
  formatIntervention,
  type Intervention,
  type InterventionRecord,
  interventionKey,
  interventionPrefix,
  readIntervention,
  wordsOf as interventionWords,
} from './interventions/intervention.js';
export { type BreakerHandle, CircuitBreakers } from './limits/circuit-breakers.js';
export { checkBreaker, checkConcurrency, checkMaxConcurrentRetries } from './limits/limit-checks.js';
export type { BreakerOptions, ConcurrencyOptions, LimitSettings } from './limits/limit-settings.js';
export { RetryConcurrency } from './limits/retry-concurrency.js';
export type { Service } from './nodes/service.js';
export { BACKOFF_DEFAULTS, type BackoffSettings } from './retry/backoff.js';
export type { HedgeSetting } from './retry/hedge-setting.js';
export {
  type RetryContext,
  type RetryDecision,
  type RetryFunction,
  retryAlways,
  retryNever,
  retryOnCodes,
  retryOnConnectFailure,
  retryOnError,
  retrySafely,
} from './retry/retry-function.js';
export { BUDGET_DEFAULTS, type BudgetSettings } from './retry/retry-tokens.js';
export { DestinationStrategies, type DestinationStrategy } from './routing/destination-strategy.js';
export { GatewayRule, underGatewayRule } from './routing/gateway-rule.js';
export type { PolicyView } from './routing/policy-view.js';
export { CallError, type FailureFacts } from './surface/call-error.js';
export type {
  DynamicMethod,
  Requests,
  TypedCallOptions,
  TypedClient,
  TypedMethod,
} from './surface/typed-client-types.js';
export { GrpcJsTransport, type GrpcJsTransportOptions } from './transport/grpc-js-transport.js';
export type {
  Connection,
  ConnectionState,
  Transport,
  WireCall,
  WireListener,
  WireRequest,
} from './transport/transport.js';
