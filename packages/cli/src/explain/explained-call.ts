import { ConfigError, formatServiceKey, type ServiceKey } from '@micromesh/core';
import { exactService, type RouteRequest, readHost } from '@micromesh/policy';
import { parseService } from '../nodes/service-argument.js';
import type { CandidateCall } from './candidate-nodes.js';
import { type CallerWords, readCaller, readHeaders } from './given-pairs.js';

/** What `micromesh explain` is told of a call. */
export interface CallWords extends CallerWords {
  readonly service: string;
  readonly method: string;
  /** `name=value` each. */
  readonly header?: readonly string[];
  readonly hashKey?: string;
}

/** A call that nobody makes. */
export interface ExplainedCall extends CandidateCall {
  readonly service: ServiceKey;
  readonly request: RouteRequest;
}

/**
 * Reads what a call is.
 *
 * @throws ConfigError for what cannot be: it names the argument and the mend.
 */
export function readCall({ service, method, header = [], hashKey, ...caller }: CallWords): ExplainedCall {
  const key = readService(service);
  const path = readMethod(method);
  const headers = readHeaders(header, () => ',');
  const request: RouteRequest = {
    path,
    // What a client of micromesh sees as the authority of its calls.
    authority: formatServiceKey(key),
    scheme: 'http',
    verb: 'POST',
    header: (name) => (Object.hasOwn(headers, name) ? headers[name] : undefined),
    hasAnyHeader: (names) => Object.keys(headers).some((name) => names.has(name)),
  };
  return { service: key, request, headers, caller: readCaller(caller), hashKey };
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
