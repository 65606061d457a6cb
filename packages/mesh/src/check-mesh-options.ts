import { type CallOptions, type ClientSettings, checkBreaker, checkConcurrency } from '@micromesh/client';
import {
  ConfigError,
  nearestName,
  readServiceDefinition,
  type ServiceDefinition,
  type ServiceKey,
} from '@micromesh/core';
import type { NodeFilter, OutlierSettings } from '@micromesh/selector';
import type {
  ChannelSettings,
  ClientOptions,
  Identity,
  MeshDefaults,
  MeshOptions,
  MeshServerOptions,
  RetryBudgetOptions,
} from './mesh-options.js';
import {
  anything,
  type Checks,
  checkOptions,
  flag,
  functionLike,
  group,
  integerOf,
  listOf,
  name,
  numberOf,
  objectWith,
  text,
  texts,
  wordOf,
} from './option-checks.js';

const FILTER = {
  version: text,
  labels: texts,
  locality: wordOf('prefer', 'require'),
} satisfies Checks<NodeFilter>;

const CALLS = {
  timeoutMs: numberOf(1),
  retries: integerOf(0, 100),
  retry: functionLike('one, e.g. retryOnError'),
  attemptTimeoutMs: numberOf(1),
  backoff: group({ baseMs: numberOf(0), maxMs: numberOf(0) }),
  filter: group(FILTER),
  waitForReady: flag,
};

const DEFAULTS = {
  ...CALLS,
  strategy: wordOf('hash-random', 'round-robin'),
  breaker: checkBreaker,
  concurrency: checkConcurrency,
} satisfies Checks<MeshDefaults>;

const INTERCEPTORS = group({
  call: listOf(functionLike('an interceptor'), 'interceptors: [(next) => async (call) => next(call)]'),
  attempt: listOf(
    functionLike('an interceptor'),
    'interceptors: [(next) => async (attempt) => next(attempt)]',
  ),
} satisfies Checks<NonNullable<ClientSettings['interceptors']>>);

const CLIENT = {
  ...DEFAULTS,
  service: name,
  idempotent: namesOrFlag,
  interceptors: INTERCEPTORS,
  channelOptions: anything,
} satisfies Checks<ClientOptions>;

const { service: _service, ...CHANNEL_AS_CLIENT } = CLIENT;

const CHANNEL = {
  ...CHANNEL_AS_CLIENT,
  definitions: listOf(anything, 'the services that its stubs call: [HelloService]'),
} satisfies Checks<ChannelSettings>;

const CALL = {
  ...CALLS,
  signal: objectWith(['addEventListener', 'removeEventListener'], 'an AbortSignal'),
  metadata: objectWith(['clone', 'getMap'], 'a Metadata of @grpc/grpc-js'),
  hashKey: text,
  idempotent: flag,
} satisfies Checks<CallOptions>;

const SERVER = {
  version: text,
  labels: texts,
  weight: integerOf(1, 65_535),
  id: name,
} satisfies Checks<MeshServerOptions>;

const MESH = {
  identity: group({ service: name, labels: texts } satisfies Checks<Identity>),
  registry: anything,
  services: texts,
  logger: objectWith(
    ['debug', 'info', 'warn', 'error'],
    'a pino logger, or an object with these four methods',
  ),
  defaults: group(DEFAULTS),
  outlier: group({
    consecutiveFailures: integerOf(0),
    windowMs: numberOf(1),
    peerFactor: numberOf(0),
    failureRatio: numberOf(0, 1),
    minCalls: integerOf(1),
    stdevFactor: numberOf(0),
    stdevMinNodes: integerOf(1),
    stdevMinCalls: integerOf(1),
    latencyFactor: numberOf(0),
    baseEjectionMs: numberOf(1),
    maxEjectionMs: numberOf(1),
    maxEjectedRatio: numberOf(0, 1),
    panicRatio: numberOf(0, 1),
  } satisfies Checks<OutlierSettings>),
  retryBudget: group({
    ratio: numberOf(0),
    perSecond: numberOf(0),
    windowMs: numberOf(1),
  } satisfies Checks<RetryBudgetOptions>),
  interceptors: INTERCEPTORS,
  clock: objectWith(['now', 'wallNow', 'setTimer'], 'a Clock'),
  random: functionLike('one that returns a number in [0, 1)'),
  transport: objectWith(['connect'], 'a Transport'),
} satisfies Checks<MeshOptions>;

/** @throws ConfigError for what cannot be. */
export function checkMeshOptions(options: MeshOptions): void {
  checkOptions('createMesh', options, MESH);
}

/** @throws ConfigError for what cannot be, and for names of methods that the definition does not have. */
export function checkClientOptions(definition: ServiceDefinition, options: ClientOptions): void {
  checkOptions('mesh.client', options, CLIENT);
  checkMethodNames('mesh.client.idempotent', options.idempotent, [definition]);
}

/** @throws ConfigError as {@link checkClientOptions}. */
export function checkChannelSettings(settings: ChannelSettings): void {
  checkOptions('mesh.channel', settings, CHANNEL);
  const { idempotent, definitions = [] } = settings;
  // Without definitions a channel knows no methods, and the names count as they come.
  if (definitions.length > 0) checkMethodNames('mesh.channel.idempotent', idempotent, definitions);
}

/** @throws ConfigError for what cannot be. */
export function checkCallOptions(options: CallOptions): void {
  checkOptions('mesh.with', options, CALL);
}

/** @throws ConfigError for what cannot be. */
export function checkServerOptions(options: MeshServerOptions): void {
  checkOptions('mesh.server', options, SERVER);
}

/** @throws ConfigError for a service without a name. */
export function checkServiceKey(field: string, service: string | ServiceKey): void {
  if (typeof service === 'object' && service !== null) name(`${field}.name`, service.name);
  else name(field, service);
}

function namesOrFlag(field: string, value: unknown): void {
  if (typeof value === 'boolean') return;
  listOf(text, "names of methods, ['anything'], or true for all")(field, value);
}

function checkMethodNames(
  field: string,
  wanted: ClientOptions['idempotent'],
  definitions: readonly ServiceDefinition[],
): void {
  if (wanted === undefined || typeof wanted === 'boolean') return;
  const methods = definitions.flatMap((definition) => readServiceDefinition(definition));
  for (const each of wanted) {
    if (methods.some(({ method }) => method.name.toLowerCase() === each.toLowerCase())) continue;
    const known = methods.map(({ key }) => key);
    const near = nearestName(each, known);
    const mend = near === undefined ? `give any of ${known.join(', ')}` : `did you mean ${near}?`;
    throw new ConfigError(field, each, 'is no method', mend);
  }
}
