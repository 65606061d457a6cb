import { kvShape } from './answer-shapes.js';
import {
  answerQuery,
  checkDatacenter,
  type QueryOptions,
  type QueryWorld,
  readQueryOptions,
} from './blocking-query.js';
import { type AgentAnswer, type AgentRequest, emptyAnswer, jsonAnswer } from './exchange.js';
import type { KvEntry, KvStore } from './kv-store.js';
import { notHere, Refusal } from './refusal.js';
import type { Route } from './route.js';

/** `/v1/kv/...`: keys and values. */
export function kvRoute(store: KvStore, world: QueryWorld): Route {
  return {
    path: 'kv/',
    GET: (request, key) => {
      const { query } = request;
      const options = readQueryOptions(query);
      if (query.has('keys')) return getKeys(options, request, key);
      if (query.has('recurse')) return getTree(options, request, key);
      if (key === '') throw new Refusal(400, 'Missing key name');
      return getOne(options, request, key);
    },
    PUT: ({ query, body }, key) => {
      if (key === '') throw new Refusal(400, 'Missing key name');
      refuseConflicts(query, ['cas', 'acquire', 'release']);
      if (query.has('acquire') || query.has('release')) throw notHere('a lock by a session');
      checkDatacenter(query.get('dc') ?? '');
      const flags = readNumber(query.get('flags')) ?? 0;
      return jsonAnswer(store.put(key, body, flags, readNumber(query.get('cas'))));
    },
    DELETE: ({ query }, key) => {
      refuseConflicts(query, ['cas', 'recurse']);
      checkDatacenter(query.get('dc') ?? '');
      if (query.has('recurse')) {
        store.deleteTree(key);
        return jsonAnswer(true);
      }
      if (key === '') throw new Refusal(400, 'Missing key name');
      return jsonAnswer(store.delete(key, readNumber(query.get('cas'))));
    },
  };

  async function getOne(options: QueryOptions, request: AgentRequest, key: string): Promise<AgentAnswer> {
    const { value, headers } = await answerQuery(options, request.gone, world, () => store.get(key));
    if (value === undefined) return emptyAnswer(404, headers);
    if (!request.query.has('raw')) return jsonAnswer([kvShape(value)], headers);
    const raw = {
      ...headers,
      'Content-Type': 'text/plain',
      'Content-Security-Policy': 'sandbox',
      'X-Content-Type-Options': 'nosniff',
    };
    return { status: 200, headers: raw, body: value.value };
  }

  async function getTree(options: QueryOptions, request: AgentRequest, prefix: string): Promise<AgentAnswer> {
    const { value, headers } = await answerQuery(options, request.gone, world, () => store.list(prefix));
    return value.length === 0 ? emptyAnswer(404, headers) : jsonAnswer(value.map(kvShape), headers);
  }

  async function getKeys(options: QueryOptions, request: AgentRequest, prefix: string): Promise<AgentAnswer> {
    const separator = request.query.get('separator') ?? '';
    const { value, headers } = await answerQuery(options, request.gone, world, () => store.list(prefix));
    // Only below a prefix is "nothing" not found; the root is there.
    if (value.length === 0 && prefix !== '') return emptyAnswer(404, headers);
    return jsonAnswer(namesOf(value, prefix, separator), headers);
  }
}

function namesOf(entries: readonly KvEntry[], prefix: string, separator: string): readonly string[] {
  if (separator === '') return entries.map(({ key }) => key);
  const names = new Set<string>();
  for (const { key } of entries) {
    const end = key.indexOf(separator, prefix.length);
    names.add(end < 0 ? key : key.slice(0, end + separator.length));
  }
  return [...names];
}

function readNumber(text: string | null): number | undefined {
  if (text === null) return undefined;
  if (!/^\d+$/.test(text)) {
    throw new Refusal(500, `strconv.ParseUint: parsing ${JSON.stringify(text)}: invalid syntax`);
  }
  const value = Number(text);
  if (!Number.isSafeInteger(value)) throw notHere('a number above 2^53');
  return value;
}

function refuseConflicts(query: URLSearchParams, names: readonly string[]): void {
  const given = names.filter((name) => query.has(name)).sort();
  if (given.length < 2) return;
  const list = given.map((name) => `${name}=${query.get(name) ?? ''}`).join('&');
  throw new Refusal(400, `Conflicting flags: ${list}`);
}
