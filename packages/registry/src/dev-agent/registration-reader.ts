import { isIPv4, isIPv6 } from 'node:net';
import { parseGoDuration } from './go-values.js';
import { JsonFields, notDecodable, parseBody } from './json-fields.js';
import { notHere, Refusal } from './refusal.js';
import type { CheckDefinition } from './running-check.js';
import { type CheckStatus, isCheckStatus, type ServiceEntry, type TaggedAddress } from './service-entry.js';

const MAX_META_PAIRS = 64;
const MAX_META_KEY = 128;
const MAX_META_VALUE = 512;
const ANY_ADDRESSES = new Set(['0.0.0.0', '::', '[::]']);

/** What the body of `agent/service/register` says. */
export interface ServiceRegistration {
  readonly service: ServiceEntry;
  readonly checks: readonly CheckDefinition[];
}

/**
 * Reads the body of `agent/service/register`, with Consul's rules and words.
 *
 * @throws Refusal 400 when Consul would refuse it, 501 when only Consul would take it.
 */
export function readRegistration(body: Buffer): ServiceRegistration {
  const fields = parseBody(body);
  const name = fields.string('Name');
  const id = fields.string('ID') || name;
  const address = fields.string('Address');
  const port = fields.integer('Port');
  const tags = fields.strings('Tags');
  const meta = readMeta(fields);
  const weights = readWeights(fields);
  const given = readTaggedAddresses(fields);
  const enableTagOverride = fields.boolean('EnableTagOverride');
  const single = fields.object('Check');
  const readers = fields.list('Checks').map((each) => new JsonFields(each, 'Checks'));
  const checks = [...(single === undefined || isEmpty(single) ? [] : [single]), ...readers].map(readCheck);
  fields.ignore('Token');
  refuseConnect(fields);
  fields.end();

  if (name === '') throw new Refusal(400, 'Missing service name');
  if (ANY_ADDRESSES.has(address)) throw new Refusal(400, 'Invalid service address');
  checkWeights(weights);
  checkMeta(meta ?? []);
  return {
    service: {
      id,
      name,
      tags,
      meta: meta === undefined ? undefined : Object.fromEntries(meta),
      address,
      port,
      taggedAddresses: withOwnAddress(given, address, port),
      weights,
      enableTagOverride,
    },
    checks: checks.map(checkDefinition),
  };
}

interface WrittenCheck extends Omit<CheckDefinition, 'status'> {
  readonly status: string;
  readonly intervalMs: number;
}

function readCheck(fields: JsonFields): WrittenCheck {
  const targets = { grpc: fields.string('GRPC'), http: fields.string('HTTP'), tcp: fields.string('TCP') };
  const isScript = fields.strings('Args').length + fields.strings('ScriptArgs').length > 0;
  const ttlMs = duration(fields, 'TTL');
  const probed = (['grpc', 'http', 'tcp'] as const).find((kind) => targets[kind] !== '');
  const check: WrittenCheck = {
    id: fields.string('CheckID') || fields.string('ID') || undefined,
    name: fields.string('Name'),
    status: fields.string('Status'),
    notes: fields.string('Notes'),
    type: probed ?? 'ttl',
    ttlMs,
    deregisterAfterMs: duration(fields, 'DeregisterCriticalServiceAfter'),
    intervalMs: duration(fields, 'Interval'),
  };
  if (isScript) throw notHere('a script check');
  if (fields.string('AliasService') !== '' || fields.string('AliasNode') !== '')
    throw notHere('an alias check');
  // How Consul would probe; nothing here does.
  fields.ignore(
    'Timeout',
    'Header',
    'Method',
    'Body',
    'GRPCUseTLS',
    'TLSSkipVerify',
    'DockerContainerID',
    'Shell',
  );
  fields.ignore(
    'SuccessBeforePassing',
    'FailuresBeforeCritical',
    'ProxyHTTP',
    'ProxyGRPC',
    'OutputMaxSize',
    'ServiceID',
  );
  fields.end();
  return check;
}

function checkDefinition({ status, intervalMs, ...check }: WrittenCheck): CheckDefinition {
  const invalid = (problem: string) => new Refusal(400, `Invalid check: ${problem}`);
  const probed = check.type !== 'ttl';
  if (intervalMs > 0 && check.ttlMs > 0) throw invalid('Interval and TTL cannot both be specified');
  if (probed && intervalMs <= 0) throw invalid('Interval must be > 0 for Script, HTTP, or TCP checks');
  if (!probed && check.ttlMs <= 0) throw invalid('TTL must be > 0 for TTL checks');
  return { ...check, status: readStatus(status) };
}

function readStatus(status: string): CheckStatus | undefined {
  if (status === '') return undefined;
  if (isCheckStatus(status)) return status;
  throw new Refusal(400, "Status for checks must 'passing', 'warning', 'critical'");
}

// `{}` is what some clients send for "no check".
function isEmpty(fields: JsonFields): boolean {
  return fields.size === 0;
}

function duration(fields: JsonFields, name: string): number {
  const value = fields.any(name);
  if (value === undefined || value === '') return 0;
  // A number is in nanoseconds.
  if (typeof value === 'number') return value / 1e6;
  const ms = typeof value === 'string' ? parseGoDuration(value) : undefined;
  if (ms === undefined) throw notDecodable(`time: invalid duration ${JSON.stringify(value)}`);
  return ms;
}

type Meta = ReadonlyArray<readonly [string, string]>;

function readMeta(fields: JsonFields): Meta | undefined {
  return fields.map('Meta')?.map(([key, value]) => {
    if (typeof value !== 'string')
      throw notDecodable('json: cannot unmarshal a value of .Meta into a string');
    return [key, value] as const;
  });
}

function checkMeta(meta: Meta): void {
  const invalid = (problem: string) => new Refusal(400, `Invalid Service Meta: ${problem}`);
  if (meta.length > MAX_META_PAIRS) {
    throw invalid(`Node metadata cannot contain more than ${MAX_META_PAIRS} key/value pairs`);
  }
  for (const [key, value] of meta) {
    const problem = metaProblem(key, value);
    if (problem !== undefined)
      throw invalid(`Couldn't load metadata pair ('${key}', '${value}'): ${problem}`);
  }
}

function metaProblem(key: string, value: string): string | undefined {
  if (key === '') return 'Key cannot be blank';
  if (!/^[A-Za-z0-9_-]+$/.test(key)) return 'Key contains invalid characters';
  if (key.length > MAX_META_KEY) return `Key is too long (limit: ${MAX_META_KEY} characters)`;
  if (key.startsWith('consul-')) return "Key prefix 'consul-' is reserved for internal use";
  if (Buffer.byteLength(value) > MAX_META_VALUE)
    return `Value is too long (limit: ${MAX_META_VALUE} characters)`;
  return undefined;
}

function readWeights(fields: JsonFields): ServiceEntry['weights'] {
  const weights = fields.object('Weights');
  if (weights === undefined) return { Passing: 1, Warning: 1 };
  const read = { Passing: weights.integer('Passing'), Warning: weights.integer('Warning') };
  weights.end();
  return read;
}

function checkWeights({ Passing, Warning }: ServiceEntry['weights']): void {
  if (Passing < 1) throw new Refusal(400, 'Invalid Weights: Passing must be greater than 0');
  if (Warning < 0) throw new Refusal(400, 'Invalid Weights: Warning must be greater or equal than 0');
  if (Passing > 65_535 || Warning > 65_535) {
    throw new Refusal(400, 'Invalid Weights: DNS Weight must be between 0 and 65535');
  }
}

function readTaggedAddresses(fields: JsonFields): Readonly<Record<string, TaggedAddress>> {
  const entries = (fields.map('TaggedAddresses') ?? []).map(([name, value]) => {
    const tagged = new JsonFields(value, 'TaggedAddresses');
    const read = { Address: tagged.string('Address'), Port: tagged.integer('Port') };
    tagged.end();
    return [name, read] as const;
  });
  return Object.fromEntries(entries);
}

function withOwnAddress(
  given: Readonly<Record<string, TaggedAddress>>,
  address: string,
  port: number,
): Readonly<Record<string, TaggedAddress>> {
  const own: TaggedAddress = { Address: address, Port: port };
  if (isIPv4(address)) return { lan_ipv4: own, wan_ipv4: own, ...given };
  if (isIPv6(address)) return { lan_ipv6: own, wan_ipv6: own, ...given };
  return given;
}

function refuseConnect(fields: JsonFields): void {
  const kind = fields.string('Kind');
  const connect = fields.object('Connect');
  const proxy = fields.object('Proxy');
  if (kind !== '' || (connect !== undefined && connect.size > 0) || (proxy !== undefined && proxy.size > 0)) {
    throw notHere('Connect');
  }
}
