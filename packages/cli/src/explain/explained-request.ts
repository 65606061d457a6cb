import { METHODS } from 'node:http';
import { ConfigError } from '@micromesh/core';
import type { PolicyCaller, RouteRequest } from '@micromesh/policy';
import type { CandidateCall } from './candidate-nodes.js';
import { type CallerWords, readCaller, readHeaders } from './given-pairs.js';

/** What `micromesh explain --gateway` is told of an HTTP request. */
export interface RequestWords extends CallerWords {
  readonly host: string;
  /** With its query. */
  readonly path: string;
  /** Default GET. */
  readonly verb?: string;
  /** `name=value` each. */
  readonly header?: readonly string[];
}

/** An HTTP request that nobody sends to a gateway. */
export interface ExplainedRequest {
  /** As it is in `Host`. */
  readonly host: string;
  /** Path and query. */
  readonly target: string;
  /** All but `Host`. */
  readonly headers: Readonly<Record<string, string>>;
  /** As rules look at it. */
  readonly request: RouteRequest & { readonly query: string };
  /** The process of the gateway. */
  readonly caller: PolicyCaller;
}

const HTTP_PORT = 80;

/** Of these Node keeps the first. */
const SAID_ONCE = [
  'age',
  'authorization',
  'content-type',
  'etag',
  'expires',
  'from',
  'if-modified-since',
  'if-unmodified-since',
  'last-modified',
  'location',
  'max-forwards',
  'proxy-authorization',
  'referer',
  'retry-after',
  'server',
  'user-agent',
];

/** What a request has for its body, and `explain` sends none. */
const OF_BODIES = ['content-length', 'transfer-encoding'];

/**
 * Reads what a request is. A POST is one of JSON, as the gateway takes no others.
 *
 * @throws ConfigError for what cannot be: it names the argument and the mend.
 */
export function readRequest({
  host,
  path: target,
  verb = 'GET',
  header = [],
  ...caller
}: RequestWords): ExplainedRequest {
  const { hostname, port } = readHost(host);
  const [path, query] = readTarget(target);
  const method = readVerb(verb);
  const said = readRequestHeaders(header);
  const headers = method === 'POST' ? { 'content-type': 'application/json', ...said } : said;
  const all = new Map(Object.entries({ ...headers, host }));
  const request = {
    path,
    query,
    authority: hostname,
    port: port === '' ? HTTP_PORT : Number(port),
    // A gateway speaks no TLS.
    scheme: 'http',
    verb: method,
    header: (name: string) => all.get(name),
    hasAnyHeader: (names: ReadonlySet<string>) => [...all.keys()].some((name) => names.has(name)),
  };
  return { host, target, headers, request, caller: readCaller(caller) };
}

/** The call that a gateway makes of a request. Who the client is, and so the address that may be its key, nobody says. */
export function callOfRequest({ headers, target, caller }: ExplainedRequest): CandidateCall {
  return {
    // The gateway says so itself.
    headers: { ...headers, 'x-envoy-original-path': target },
    caller,
    hashKey: undefined,
    addressUnknown: true,
  };
}

function readHost(text: string): Pick<URL, 'hostname' | 'port'> {
  const url = URL.canParse(`http://${text}`) ? new URL(`http://${text}`) : undefined;
  const { hostname = '', port = '' } = url ?? {};
  const written = text.toLowerCase();
  // What a URL reads in another way than it is written is no name, or one in words that no client sends.
  const isHost = [hostname, `${hostname}:${port || HTTP_PORT}`].includes(written) && !hostname.endsWith('.');
  if (url !== undefined && isHost) return { hostname, port };
  throw new ConfigError(
    'HOST',
    text,
    'is no host of an HTTP request',
    'with --gateway write what clients send as Host: micromesh explain api.example.com /hello/anything --gateway web',
  );
}

function readTarget(text: string): readonly [path: string, query: string] {
  const [path = '', ...query] = text.split('?');
  const wrong = (problem: string, mend: string) => new ConfigError('PATH', text, problem, mend);
  if (!/^\/[!-~]*$/.test(text) || text.includes('#')) {
    throw wrong(
      'is no path of an HTTP request',
      "with --gateway write it from its slash, as it is sent: '/hello/anything?name=xuxu'",
    );
  }
  if (path.includes('//'))
    throw wrong('has several slashes in a row', 'write one: the gateway takes them for one');
  return [path, query.join('?')];
}

function readVerb(text: string): string {
  const verb = text.toUpperCase();
  if (METHODS.includes(verb) && verb !== 'CONNECT') return verb;
  throw new ConfigError('--verb', text, 'is no verb of HTTP', 'write GET, POST or another');
}

function readRequestHeaders(pairs: readonly string[]): Readonly<Record<string, string>> {
  // As Node shows several values of one name.
  const headers = readHeaders(pairs, (name) => (name === 'cookie' ? '; ' : ', '));
  for (const [name, value] of Object.entries(headers)) {
    const pair = `${name}=${value}`;
    if (SAID_ONCE.includes(name) && isRepeated(name, pairs)) {
      throw new ConfigError('--header', pair, 'is said twice', 'write it once: Node drops the others');
    }
    if (name === 'host') throw new ConfigError('--header', pair, 'is said twice', 'write it as HOST alone');
    if (OF_BODIES.includes(name)) {
      throw new ConfigError('--header', pair, 'is of a body', 'leave it out: none is sent');
    }
    if (!/^[\t -~]*$/.test(value)) {
      throw new ConfigError('--header', pair, 'is no text', 'write printable ASCII');
    }
  }
  return headers;
}

function isRepeated(name: string, pairs: readonly string[]): boolean {
  return pairs.filter((pair) => pair.toLowerCase().startsWith(`${name}=`)).length > 1;
}
