import type { Socket } from 'node:net';
import { type Metadata, status } from '@grpc/grpc-js';
import { nearestName } from '@micromesh/core';
import type { GatewayRules } from '@micromesh/mesh';
import fastify, {
  type FastifyError,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
} from 'fastify';
import { callError } from './call-failure.js';
import type { FailureLog } from './failure-log.js';
import { type OwnHosts, refuseForeignHost, refuseForeignPages } from './foreign-pages.js';
import { badRequest, type ErrorBody, errorAnswer, errorBody, GatewayError } from './gateway-error.js';
import { readGrpcTimeout } from './grpc-timeout.js';
import { splitTarget } from './http-request.js';
import type { MethodCall, Reply } from './method-call.js';
import { requestMetadata } from './request-metadata.js';
import { answerByRule, type RequestRule, ruleOf, tellDryRun } from './request-rule.js';
import { handOnEdited } from './response-edits.js';
import type { Route, RouteTable } from './route-table.js';
import { sendReply } from './send-reply.js';

/** What the HTTP side stands on. */
export interface HttpAppParts {
  readonly table: RouteTable;
  readonly callOf: (route: Route) => MethodCall;
  readonly bodyLimitBytes: number;
  /** Told of what clients are not told. */
  readonly log: FailureLog;
  readonly ownHosts: OwnHosts;
  /** Undefined: there are none, or none for this gateway. */
  readonly rules: GatewayRules | undefined;
  /** The calls under way, so that a drain that takes too long can end them. */
  readonly active: Set<AbortController>;
}

// A client that sends its request slower than this holds a connection for nothing.
const REQUEST_TIMEOUT_MS = 30_000;

const JSON_TYPE = /^application\/(?:[\w.-]+\+)?json\b/i;

const NONE: ReadonlySet<string> = new Set();

/** A request of whose call rules say something. */
interface TakenRequest {
  /** Undefined: those in dry-run alone. */
  readonly rule: RequestRule | undefined;
  readonly callOptions: RequestRule['callOptions'];
  readonly dryRunEvent: RequestRule['dryRunEvent'];
  /** By which the method is found: what the rule makes of that of the request. */
  readonly path: string;
}

// A message is no place for hundreds of them.
const ROUTES_SHOWN = 20;

/** Builds the HTTP server, not yet listening. */
export function buildHttpApp(parts: HttpAppParts): FastifyInstance {
  const { bodyLimitBytes, log, ownHosts, rules } = parts;
  const taken = new WeakMap<FastifyRequest, TakenRequest>();
  const answerError = (error: unknown, _request: FastifyRequest, reply: FastifyReply) => {
    const { httpStatus, body } = errorAnswer(refusalOf(error, bodyLimitBytes) ?? error, log);
    return sendError(reply, httpStatus, body);
  };
  const app = fastify({
    bodyLimit: bodyLimitBytes,
    requestTimeout: REQUEST_TIMEOUT_MS,
    // HEAD must not make a call.
    exposeHeadRoutes: false,
    frameworkErrors: answerError,
  });
  app.addHook('onRequest', async (request, reply) => {
    const { method, headers } = request;
    refuseForeignHost(headers, ownHosts);
    const ruled = await ruleOf(rules, request, reply);
    if (ruled.preflight) return reply.code(200).send();
    if (!ruled.originAllowed) refuseForeignPages(headers, ownHosts);
    if (answerByRule(ruled, reply)) return reply;
    const { match } = ruled;
    if (match?.kind === 'rule' || match?.kind === 'dryRun') {
      const { callOptions, dryRunEvent } = match;
      const rule = match.kind === 'rule' ? match : undefined;
      const path = rule?.match.rewritePath?.(ruled.request.path) ?? ruled.request.path;
      taken.set(request, { rule, callOptions, dryRunEvent, path });
    }
    // Also without a body: a page of another site can send any POST without asking first, but one of JSON.
    if (method === 'POST' && !JSON_TYPE.test(headers['content-type'] ?? '')) throw notJson();
    return undefined;
  });
  app.removeAllContentTypeParsers();
  app.addContentTypeParser(JSON_TYPE, { parseAs: 'string' }, (_request, body, done) => done(null, body));
  app.setErrorHandler(answerError);
  app.setNotFoundHandler((request, reply) => {
    reply.header('allow', 'GET, POST');
    const message = `${request.method} is no way to call a method; GET with a query, or POST JSON`;
    return sendError(reply, 405, errorBody(status.UNIMPLEMENTED, message));
  });
  app.route({
    method: ['GET', 'POST'],
    url: '/*',
    handler: async (request, reply) =>
      sendReply(reply, await answer(parts, taken.get(request), request, reply)),
  });
  closeConnectionsEarly(app);
  return app;
}

/** Lets a server that closes wait for requests only: not for connections that are kept, or were opened ahead of need. */
function closeConnectionsEarly(app: FastifyInstance): void {
  let closing = false;
  // Node takes a connection without a first request for busy; browsers open such ones.
  const unused = new Set<Socket>();
  app.server.on('connection', (socket: Socket) => {
    unused.add(socket);
    socket.once('close', () => unused.delete(socket));
  });
  app.server.on('request', ({ socket }) => unused.delete(socket));
  app.addHook('preClose', async () => {
    closing = true;
    for (const socket of unused) socket.destroy();
  });
  app.addHook('onSend', async (_request, reply) => {
    if (closing) reply.header('connection', 'close');
  });
}

function sendError(reply: FastifyReply, httpStatus: number, body: ErrorBody): FastifyReply {
  return reply.code(httpStatus).type('application/json; charset=utf-8').send(JSON.stringify(body));
}

async function answer(
  parts: HttpAppParts,
  taken: TakenRequest | undefined,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<Reply> {
  const { rule } = taken ?? {};
  const [written, query] = splitTarget(request.url);
  const path = taken?.path ?? written;
  const route = parts.table.find(path);
  if (route === undefined) {
    if (taken !== undefined) tellDryRun(taken);
    throw unknownRoute(path, parts.table);
  }
  const message = requestMessage(route, request, new URLSearchParams(query), rule?.parameters ?? NONE);
  const timeout = request.headers['grpc-timeout'];
  const controller = new AbortController();
  // Its client may have gone while the policies were waited for: `close` comes but once.
  if (reply.raw.destroyed) controller.abort();
  else {
    parts.active.add(controller);
    // Ended, or left by its client: after an end nobody listens to the signal any more.
    reply.raw.once('close', () => {
      parts.active.delete(controller);
      controller.abort();
    });
  }
  const options = {
    ...taken?.callOptions,
    ...(rule && handOnEdited(rule.rule, reply)),
    ...(parts.rules === undefined ? {} : { metadata: handedOn(request) }),
    signal: controller.signal,
    ...(timeout === undefined ? {} : { timeoutMs: readGrpcTimeout(String(timeout)) }),
  };
  try {
    return await parts.callOf(route)(message, options);
  } catch (error) {
    throw callError(error, route.method.method.path, rule);
  }
}

function handedOn({ headers, url, socket }: FastifyRequest): Metadata {
  return requestMetadata({ headers, url, peer: socket.remoteAddress });
}

/** @param ofPolicies - parameters that the operator's rules look at: where the message has no such field they are no matter of it. */
function requestMessage(
  route: Route,
  request: FastifyRequest,
  query: URLSearchParams,
  ofPolicies: ReadonlySet<string>,
): Buffer {
  const body = typeof request.body === 'string' ? request.body : '';
  if (body.trim() === '') return route.json.requestFromQuery(query, ofPolicies);
  if ([...query.keys()].some((name) => !ofPolicies.has(name) || route.json.hasField(name)))
    throw badRequest('say the fields in the body or in the query, not in both');
  return route.json.requestFromBody(body);
}

function notJson(): GatewayError {
  return new GatewayError(status.INVALID_ARGUMENT, 'send JSON, with content-type: application/json', 415);
}

function unknownRoute(path: string, { routes }: RouteTable): GatewayError {
  const paths = routes.map((route) => route.path);
  const near = nearestName(path, paths);
  const shown = paths.slice(0, ROUTES_SHOWN).join(', ');
  const more = paths.length > ROUTES_SHOWN ? ` and ${paths.length - ROUTES_SHOWN} more` : '';
  const mend =
    near === undefined
      ? `the routes are ${shown}${more}; GET with a query, or POST JSON`
      : `did you mean ${near}?`;
  return new GatewayError(status.NOT_FOUND, `there is no route ${path}; ${mend}`);
}

/** What fastify refuses, in the gateway's words; undefined for what is not the client's fault. */
function refusalOf(error: unknown, bodyLimitBytes: number): GatewayError | undefined {
  if (!isFastifyError(error)) return undefined;
  if (error.code === 'FST_ERR_CTP_BODY_TOO_LARGE') {
    return new GatewayError(status.RESOURCE_EXHAUSTED, `the body is over ${bodyLimitBytes} bytes`, 413);
  }
  if (error.code === 'FST_ERR_CTP_INVALID_MEDIA_TYPE') {
    return notJson();
  }
  const { statusCode = 500 } = error;
  return statusCode < 500 ? new GatewayError(status.INVALID_ARGUMENT, error.message, statusCode) : undefined;
}

function isFastifyError(error: unknown): error is FastifyError {
  return (
    error instanceof Error &&
    'code' in error &&
    typeof error.code === 'string' &&
    error.code.startsWith('FST_')
  );
}
