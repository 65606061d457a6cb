import { ConfigError, formatServiceKey, type ServiceKey } from '@micromesh/core';
import { exactService, type PolicyCaller, type RouteRequest, readHost } from '@micromesh/policy';
import { parseService } from '../nodes/service-argument.js';

/** What `micromesh explain` is told of a call. */
export interface CallWords {
  readonly service: string;
  readonly method: string;
  /** `name=value` each. */
  readonly header?: readonly string[];
  /** `label=value,...` */
  readonly from?: string;
  /** Of the caller. */
  readonly fromNamespace?: string;
  readonly hashKey?: string;
}

/** A call that nobody makes. */
export interface ExplainedCall {
  readonly service: ServiceKey;
  readonly request: RouteRequest;
  readonly headers: Readonly<Record<string, string>>;
  readonly caller: PolicyCaller;
  readonly hashKey: string | undefined;
}

/**
 * Reads what a call is.
 *
 * @throws ConfigError for what cannot be: it names the argument and the mend.
 */
export function readCall({
  service,
  method,
  header = [],
  from,
  fromNamespace,
  hashKey,
}: CallWords): ExplainedCall {
  const key = readService(service);
  const path = readMethod(method);
  const headers = readHeaders(header);
  const request: RouteRequest = {
    path,
    // What a client of micromesh sees as the authority of its calls.
    authority: formatServiceKey(key),
    scheme: 'http',
    verb: 'POST',
    header: (name) => headers[name],
  };
  const caller = {
    labels: from === undefined ? {} : readLabels(from),
    ...(fromNamespace === undefined ? {} : { namespace: fromNamespace }),
  };
  return { service: key, request, headers, caller, hashKey };
}

/** A proto service, or a host of a policy, is no name in the registry. */
function readService(text: string): ServiceKey {
  const key = parseService(text);
  if (!key.name.includes('.')) return key;
  const host = readHost(key.name);
  const meant = host.kind === 'service' ? exactService(host.pattern) : undefined;
  throw new ConfigError(
    'SERVICE',
    text,
    meant === undefined ? 'is no name in the registry: a proto service, it seems' : 'is a host of a policy',
    meant === undefined
      ? "write the registry's name of the service: micromesh explain hello hello.v1.Hello/Anything"
      : `write ${formatServiceKey(meant)}`,
  );
}

/** `hello.v1.Hello/Anything`, with or without a slash before it. */
function readMethod(text: string): string {
  const path = text.startsWith('/') ? text : `/${text}`;
  if (/^\/[^/\s]+\/[^/\s]+$/.test(path)) return path;
  throw new ConfigError(
    'METHOD',
    text,
    'is no method',
    'write package.Service/Method: hello.v1.Hello/Anything',
  );
}

function readHeaders(pairs: readonly string[]): Readonly<Record<string, string>> {
  const headers: Record<string, string> = {};
  for (const pair of pairs) {
    const [, name = '', value = ''] = /^([^=]*)=(.*)$/s.exec(pair) ?? [];
    const key = name.toLowerCase();
    if (!/^[a-z0-9_.-]+$/.test(key)) {
      throw new ConfigError('--header', pair, 'is no header', 'write name=value: -H x-user=anna');
    }
    if (key.endsWith('-bin')) {
      throw new ConfigError('--header', pair, 'is binary', 'name a header of text: rules look at no other');
    }
    // As a call shows several values of one name.
    headers[key] = Object.hasOwn(headers, key) ? `${headers[key]},${value}` : value;
  }
  return headers;
}

function readLabels(text: string): Readonly<Record<string, string>> {
  const labels: Record<string, string> = {};
  for (const pair of text.split(',')) {
    const [, name, value] = /^([^=]+)=(.+)$/s.exec(pair.trim()) ?? [];
    if (name === undefined || value === undefined) {
      throw new ConfigError(
        '--from',
        text,
        'has no label and value everywhere',
        'write label=value,...: --from app=shop,zone=a',
      );
    }
    labels[name] = value;
  }
  return labels;
}
