import { type AgentAnswer, type AgentRequest, emptyAnswer } from './exchange.js';
import { notHere, Refusal } from './refusal.js';

/** What a method of a route does; `rest` is what follows the route's path. */
export type Handler = (request: AgentRequest, rest: string) => AgentAnswer | Promise<AgentAnswer>;

/** One path of the API with the methods that it takes. */
export interface Route {
  /** After `/v1/`; with a slash at its end it takes everything below. */
  readonly path: string;
  readonly GET?: Handler;
  readonly PUT?: Handler;
  readonly DELETE?: Handler;
}

const METHODS = ['GET', 'PUT', 'DELETE'] as const;
/** Parameters that change an answer's meaning and are not here; unknown others are ignored, as in Consul. */
const PARAMETERS_NOT_HERE = [
  'filter',
  'node-meta',
  'hash',
  'partition',
  'peer',
  'sg',
  'merge-central-config',
];

/**
 * Answers a request by the route with the longest path that fits.
 *
 * @throws Refusal 501 for all that only Consul has, 405 for a method that the route does not take.
 */
export async function answerByRoute(routes: readonly Route[], request: AgentRequest): Promise<AgentAnswer> {
  const { method, path, query } = request;
  const route = findRoute(routes, path);
  if (route === undefined) throw notHere(`${method} ${path}`);
  const allow = ['OPTIONS', ...METHODS.filter((each) => route[each] !== undefined)].join(',');
  if (method === 'OPTIONS') return emptyAnswer(200, { Allow: allow });
  const known = METHODS.find((each) => each === method);
  const handler = known === undefined ? undefined : route[known];
  if (handler === undefined) throw new Refusal(405, `method ${method} not allowed`, { Allow: allow });
  if (query.has('ns')) {
    const problem = 'Invalid query parameter: "ns" - Namespaces are a Consul Enterprise feature';
    throw new Refusal(400, `Bad request: ${problem}`);
  }
  const parameter = PARAMETERS_NOT_HERE.find((name) => query.has(name));
  if (parameter !== undefined) throw notHere(`?${parameter}`);
  return handler(request, path.slice('/v1/'.length + route.path.length));
}

function findRoute(routes: readonly Route[], path: string): Route | undefined {
  const fitting = routes.filter((route) => {
    const full = `/v1/${route.path}`;
    return route.path.endsWith('/') ? path.startsWith(full) : path === full;
  });
  return fitting.sort((a, b) => b.path.length - a.path.length)[0];
}
