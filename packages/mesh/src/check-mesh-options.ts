import {
  type ClientSettings,
  checkBreaker,
  checkConcurrency,
  checkMaxConcurrentRetries,
  PLAN_OPTION_CHECKS,
} from '@micromesh/client';
import {
  anyValue,
  type Checks,
  ConfigError,
  functionLike,
  integerOf,
  listOf,
  nameValue,
  nearestName,
  numberOf,
  objectWith,
  optionsOf,
  readServiceDefinition,
  type ServiceDefinition,
  type ServiceKey,
  textValue,
  valuesByName,
  wordOf,
} from '@micromesh/core';
import { type OutlierSettings, STRATEGY_NAMES } from '@micromesh/selector';
import { checkServerLimits } from '@micromesh/server';
import type {
  ChannelSettings,
  ClientOptions,
  Identity,
  MeshDefaults,
  MeshOptions,
  MeshServerOptions,
  RetryBudgetOptions,
} from './mesh-options.js';

const LABELS = valuesByName(textValue, "texts by name: { zone: 'a' }");

const DEFAULTS = {
  ...PLAN_OPTION_CHECKS,
  strategy: wordOf(...STRATEGY_NAMES),
  breaker: checkBreaker,
  concurrency: checkConcurrency,
  maxConcurrentRetries: checkMaxConcurrentRetries,
} satisfies Checks<MeshDefaults>;

const INTERCEPTORS = optionsOf({
  call: listOf(functionLike('an interceptor'), 'interceptors: [(next) => async (call) => next(call)]'),
  attempt: listOf(
    functionLike('an interceptor'),
    'interceptors: [(next) => async (attempt) => next(attempt)]',
  ),
} satisfies Checks<NonNullable<ClientSettings['interceptors']>>);

const CLIENT = {
  ...DEFAULTS,
  service: nameValue,
  idempotent: namesOrFlag,
  interceptors: INTERCEPTORS,
  channelOptions: valuesByName(anyValue, "grpc-js's by name: { 'grpc.max_receive_message_length': -1 }"),
} satisfies Checks<ClientOptions>;

const { service: _service, ...CHANNEL_AS_CLIENT } = CLIENT;

const CHANNEL = {
  ...CHANNEL_AS_CLIENT,
  definitions: listOf(anyValue, 'the services that its stubs call: [HelloService]'),
} satisfies Checks<ChannelSettings>;

const SERVER = {
  version: textValue,
  labels: LABELS,
  weight: integerOf(1, 65_535),
  id: nameValue,
  limits: checkServerLimits,
} satisfies Checks<MeshServerOptions>;

/** More than all retries that a call may have: whoever gives 20 means a fifth. */
const MAX_BUDGET_RATIO = 10;

const MESH = {
  identity: optionsOf({
    service: nameValue,
    namespace: nameValue,
    labels: LABELS,
  } satisfies Checks<Identity>),
  registry: anyValue,
  services: valuesByName(nameValue, "registry names by proto service: { 'hello.v1.Hello': 'hello' }"),
  logger: objectWith(
    ['debug', 'info', 'warn', 'error'],
    'a pino logger, or an object with these four methods',
  ),
  defaults: optionsOf(DEFAULTS),
  outlier: optionsOf({
    consecutiveFailures: integerOf(0),
    windowMs: numberOf(1),
    peerFactor: numberOf(0),
    failureRatio: numberOf(0, 1),
    minCalls: integerOf(1),
    stdevFactor: numberOf(0),
    stdevMinNodes: integerOf(1),
    stdevMinCalls: integerOf(1),
    latencyFactor: factorOrOff,
    latencyFloorMs: numberOf(0),
    countedCodes: listOf(integerOf(1, 16), 'status codes: [status.INTERNAL]'),
    baseEjectionMs: numberOf(1),
    maxEjectionMs: numberOf(1),
    maxEjectedRatio: numberOf(0, 1),
    panicRatio: numberOf(0, 1),
  } satisfies Checks<OutlierSettings>),
  slowStartMs: numberOf(0),
  retryBudget: optionsOf({
    ratio: numberOf(
      0,
      MAX_BUDGET_RATIO,
      `give extra attempts a call, from 0 to ${MAX_BUDGET_RATIO}: 0.2 is one in five calls`,
    ),
    perSecond: numberOf(0),
    windowMs: numberOf(1),
  } satisfies Checks<RetryBudgetOptions>),
  policies: listOf(
    objectWith(['open'], "folder('./policies') or consulKv()"),
    "places: [folder('./policies'), consulKv()]",
  ),
  traceRatio: numberOf(0, 1),
  interceptors: INTERCEPTORS,
  clock: objectWith(['now', 'wallNow', 'setTimer'], 'a Clock'),
  random: functionLike('one that returns a number in [0, 1)'),
  transport: objectWith(['connect'], 'a Transport'),
} satisfies Checks<MeshOptions>;

/** @throws ConfigError for what cannot be. */
export function checkMeshOptions(options: MeshOptions): void {
  optionsOf(MESH)('createMesh', options);
}

/** @throws ConfigError for what cannot be, and for names of methods that the definition does not have. */
export function checkClientOptions(definition: ServiceDefinition, options: ClientOptions): void {
  optionsOf(CLIENT)('mesh.client', options);
  checkMethodNames('mesh.client.idempotent', options.idempotent, [definition]);
}

/** @throws ConfigError as {@link checkClientOptions}. */
export function checkChannelSettings(settings: ChannelSettings): void {
  optionsOf(CHANNEL)('mesh.channel', settings);
  const { idempotent, definitions = [] } = settings;
  // Without definitions a channel knows no methods, and the names count as they come.
  if (definitions.length > 0) checkMethodNames('mesh.channel.idempotent', idempotent, definitions);
}

/** @throws ConfigError for what cannot be. */
export function checkServerOptions(options: MeshServerOptions): void {
  optionsOf(SERVER)('mesh.server', options);
}

/** @throws ConfigError for a service without a name. */
export function checkServiceKey(field: string, service: string | ServiceKey): void {
  if (typeof service === 'object' && service !== null) nameValue(`${field}.name`, service.name);
  else nameValue(field, service);
}

/** Under 1 a node would be out that is faster than its peers. */
function factorOrOff(field: string, value: unknown): void {
  if (value !== 0) numberOf(1, undefined, 'give a factor of at least 1, or 0 for off')(field, value);
}

function namesOrFlag(field: string, value: unknown): void {
  if (typeof value === 'boolean') return;
  listOf(textValue, "names of methods, ['anything'], or true for all")(field, value);
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
