import { status } from '@grpc/grpc-js';
import { events, statusName } from '@micromesh/core';
import type { GatewayMatch, GatewayRules } from '@micromesh/mesh';
import type { DirectResponseAction } from '@micromesh/policy/route';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { corsVerdict } from './cors.js';
import { GatewayError } from './gateway-error.js';
import { HttpRequest } from './http-request.js';
import { locationOf } from './redirect.js';
import { editReply } from './response-edits.js';

/** The rule that took a request. */
export type RequestRule = Extract<GatewayMatch, { readonly kind: 'rule' }>;

/** What the operator's rules make of a request before any call. */
export interface RuledRequest {
  readonly request: HttpRequest;
  /** Undefined: there are no rules for it. */
  readonly match: GatewayMatch | undefined;
  /** Whether its page's origin may call. */
  readonly originAllowed: boolean;
  /** Whether it is a preflight that is answered by the headers that the reply has. */
  readonly preflight: boolean;
}

/** Finds the rule of a request, and gives the reply the headers of its `corsPolicy`. */
export async function ruleOf(
  rules: GatewayRules | undefined,
  { method, url, headers }: FastifyRequest,
  reply: FastifyReply,
): Promise<RuledRequest> {
  const request = new HttpRequest({ method, url, headers });
  const match = await rules?.find(request);
  const cors = match?.kind === 'rule' ? match.rule.cors : undefined;
  if (cors === undefined) return { request, match, originAllowed: false, preflight: false };
  const verdict = corsVerdict(cors, method, headers);
  reply.headers(verdict.headers);
  return { request, match, originAllowed: verdict.allowed, preflight: verdict.answered };
}

/**
 * Answers what no call is made of: a redirect, a direct response. Tells what rules in dry-run would have made of it.
 *
 * @returns whether it was answered.
 * @throws GatewayError with 404 where none of the rules takes the request.
 */
export function answerByRule({ request, match }: RuledRequest, reply: FastifyReply): boolean {
  if (match === undefined || match.kind === 'dryRun') return false;
  if (match.kind === 'none') {
    tellDryRun(match);
    throw noRule(request, match.resource);
  }
  const { action, response } = match.rule;
  if (action.kind === 'route') return false;
  tellDryRun(match);
  if (action.kind === 'redirect') reply.header('location', locationOf(action, match.match, request));
  else if (action.body !== undefined) reply.type(contentType(action));
  editReply(response.value, reply);
  reply.code(action.httpStatus).send(action.kind === 'directResponse' ? action.body : undefined);
  return true;
}

/** Tells of a request that is answered without a call what rules in dry-run would have made of it. */
export function tellDryRun({ dryRunEvent }: Pick<GatewayMatch, 'dryRunEvent'>): void {
  if (dryRunEvent !== undefined && events.dryRun.heard) events.dryRun.publish(dryRunEvent);
}

function contentType({ message }: DirectResponseAction): string {
  return isJson(message) ? 'application/json; charset=utf-8' : 'text/plain; charset=utf-8';
}

/** An object or a list: a bare word or number is more likely meant as text. */
function isJson(text: string): boolean {
  if (!/^\s*[{[]/.test(text)) return false;
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

function noRule({ verb, path }: HttpRequest, resource: string): GatewayError {
  const request = `${verb} ${path}`;
  return new GatewayError(status.NOT_FOUND, `no rule takes ${request}`, undefined, {
    reason: 'route',
    status: statusName(status.NOT_FOUND),
    subject: resource,
    message: `no rule of ${resource} takes ${request}; add a rule without a match as the last one`,
  });
}
