export {
  ANNOTATIONS,
  type AnnotationMeta,
  type Annotations,
  type HedgeAnnotation,
} from './annotations/annotations.js';
export type { SubsetRule } from './compile/merged-destination-rule.js';
export type { DroppedRule } from './compile/merged-rule.js';
export { PolicySet, type PolicySetOptions } from './compile/policy-set.js';
export { ServicePolicy } from './compile/service-policy.js';
export { isInLocality } from './compile/traffic/compile-locality.js';
export {
  type ConnectionPoolRule,
  type HashAlgorithm,
  type HashSource,
  type KeepaliveRule,
  type LoadBalancerRule,
  type LoadBalancerStrategy,
  type LocalitySettings,
  type LocalityShare,
  NO_TRAFFIC_SETTINGS,
  type OutlierRule,
  type PriorityLabel,
  type RetryBudgetRule,
  type TlsRule,
  type TrafficSettings,
  type WarmupSettings,
} from './compile/traffic/traffic-settings.js';
export type { PlainObject, PlainValue } from './document/plain-value.js';
export { type ReadResult, readResources } from './document/read-resources.js';
export type { ResourceDocument } from './document/resource-document.js';
export { type ReadHost, readHost } from './hosts/read-host.js';
export {
  ANY,
  comparePatterns,
  coversPattern,
  exactService,
  matchesService,
  type ServicePattern,
} from './hosts/service-pattern.js';
export type {
  ConcurrencyLimitRule,
  LimitRule,
  LimitSide,
  RateLimitRule,
} from './limits/limit-rules.js';
export type { MethodLimits, ServiceLimits } from './limits/service-limits.js';
export { type PolicyOrigin, ResourcePlace, type Sourced } from './origin/resource-place.js';
export { compileRewrite, type ReadPattern, readPattern, type TextPattern } from './patterns/text-pattern.js';
export {
  type FieldPath,
  formatPath,
  formatProblem,
  type Position,
  type Problem,
  type Severity,
} from './problem.js';
export {
  type Condition,
  type Decided,
  describeFailure,
  readSubject,
  type Source,
  type Subject,
} from './route/condition.js';
export type { CorsRule } from './route/cors-rule.js';
export { drawDestination } from './route/draw-destination.js';
export {
  explainRoute,
  type MatchExplanation,
  type RouteExplanation,
  type RuleExplanation,
} from './route/explain-route.js';
export {
  type DrawnFault,
  drawFault,
  type FaultAbort,
  type FaultDelay,
  type FaultRule,
} from './route/fault-rule.js';
export { applyHeaderEdits, type HeaderEdits, type HeaderStore, NO_EDITS } from './route/header-edits.js';
export { grpcStatusOfHttp } from './route/http-status.js';
export { drawMirrors, type Mirror } from './route/mirror.js';
export { type AttemptFailure, retries } from './route/retries.js';
export type { PolicyCaller, RouteRequest } from './route/route-request.js';
export type {
  DirectResponseAction,
  MatchBlock,
  RedirectAction,
  RetryRule,
  RouteAction,
  RouteRule,
  RouteToAction,
  RuleAnnotations,
} from './route/route-rule.js';
export { type RouteMatch, RouteTable, type RuleMatch } from './route/route-table.js';
export { type Draw, RuleChance } from './route/rule-chance.js';
export {
  type RouteDestination,
  type RouteTarget,
  WeightedDestinations,
} from './route/weighted-destinations.js';
export type { ConcurrencyLimitSpec } from './schema/concurrency-limit.js';
export type { ConnectionPoolSettings } from './schema/destination-rule/connection-pool.js';
export type { ConsistentHash } from './schema/destination-rule/consistent-hash.js';
export type { DestinationRuleSpec, Subset } from './schema/destination-rule/destination-rule.js';
export type { LoadBalancerSettings, Warmup } from './schema/destination-rule/load-balancer.js';
export type { LocalityLbSetting } from './schema/destination-rule/locality.js';
export type { OutlierDetection } from './schema/destination-rule/outlier-detection.js';
export type { RetryBudget } from './schema/destination-rule/retry-budget.js';
export type { ClientTlsSettings } from './schema/destination-rule/tls.js';
export type { PortTrafficPolicy, TrafficPolicy } from './schema/destination-rule/traffic-policy.js';
export { type Duration, parseDuration } from './schema/duration.js';
export type { FieldMeta, FieldStatus } from './schema/field.js';
export { isKind, type Kind } from './schema/kinds.js';
export type { RateLimitSpec } from './schema/rate-limit.js';
export type { CorsPolicy } from './schema/virtual-service/cors-policy.js';
export type { Destination } from './schema/virtual-service/destination.js';
export type { HttpDirectResponse } from './schema/virtual-service/direct-response.js';
export type { HttpFaultInjection } from './schema/virtual-service/fault.js';
export type { HeaderOperations, Headers } from './schema/virtual-service/headers.js';
export type { HttpRoute, HttpRouteDestination } from './schema/virtual-service/http-route.js';
export type { HttpMatchRequest } from './schema/virtual-service/match.js';
export type { HttpMirrorPolicy } from './schema/virtual-service/mirror.js';
export { type Percent, percentRatio } from './schema/virtual-service/percent.js';
export type { HttpRedirect } from './schema/virtual-service/redirect.js';
export type { HttpRetry } from './schema/virtual-service/retries.js';
export type { HttpRewrite } from './schema/virtual-service/rewrite.js';
export type { StringMatch } from './schema/virtual-service/string-match.js';
export type { VirtualServiceSpec } from './schema/virtual-service/virtual-service.js';
export { type FolderOptions, folder } from './sources/folder/folder.js';
export {
  type FoundFiles,
  type FoundFolder,
  findPolicyFiles,
  readPolicyFiles,
} from './sources/folder/policy-files.js';
export { type ConsulKvOptions, consulKv } from './sources/kv/consul-kv.js';
export {
  changesAnything,
  type PolicyChange,
  policyChanges,
  withResources,
} from './sources/kv/policy-changes.js';
export {
  BrokenPolicyStoreError,
  type PolicyBase,
  PolicyConflictError,
  PolicyStore,
  type PolicyStoreOptions,
} from './sources/kv/policy-store.js';
export { checkStamp, type PolicyStamp, type PolicyVersion } from './sources/kv/policy-version.js';
export { cutResources, resourceId, type StoredResource } from './sources/kv/stored-resource.js';
export { MAX_KEPT, type VersionPointer } from './sources/kv/version-pointer.js';
export { MemoryPolicies } from './sources/memory-policies.js';
export { type PoliciesInForce, PolicyHolder } from './sources/policy-holder.js';
export type {
  BadPolicies,
  GoodPolicies,
  PolicyListener,
  PolicyPlace,
  PolicySource,
  PolicySourceParts,
  PolicyWord,
  UnknownPolicies,
} from './sources/policy-source.js';
export { hasErrors, type PolicyText, readPolicies } from './sources/read-policies.js';
export type {
  ConcurrencyLimit,
  DestinationRule,
  RateLimit,
  Resource,
  ResourceOf,
  VirtualService,
} from './validate/resource.js';
export { type ValidationResult, validate } from './validate/validate.js';
export {
  DEFAULT_RETRY_ON,
  type RetryConditions,
  type RetryWord,
  readRetryOn,
} from './validate/virtual-service/retry-words.js';
