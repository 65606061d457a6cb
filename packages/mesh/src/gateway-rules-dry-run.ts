import type { WouldBeRoute } from '@micromesh/client';
import type { DryRunEvent, Method } from '@micromesh/core';
import type { PolicySet, RouteTable } from '@micromesh/policy';
import type { RedirectAction, RouteAction, RouteMatch, RouteRequest } from '@micromesh/policy/route';

/** A method that a gateway calls. */
export interface GatewayMethod {
  /** The registry's name of its service. */
  readonly service: string;
  readonly method: Method;
}

/** What the rules in dry-run of a gateway would have made of a request. */
export interface GatewayDryRun {
  /** Of the call that is made of it; undefined: none is. */
  readonly would: WouldBeRoute | undefined;
  /** To be told where no call is made of it; undefined: it would have had the same answer. */
  readonly event: DryRunEvent | undefined;
}

/** What is said of a request by rules in force, or by those with what is in dry-run. */
interface Said {
  /** Undefined: there are no rules for its host. */
  readonly found: RouteMatch | undefined;
  /** The method of which a call is made; undefined: none. */
  readonly called: GatewayMethod | undefined;
}

/** Finds the method that a path of a request means; undefined: none. */
export type FindMethod = (path: string) => GatewayMethod | undefined;

/** What requests at a gateway are looked at with, for rules in dry-run. */
export interface GatewayDryRunParts {
  readonly policies: PolicySet;
  /** Of the host, with the resources in dry-run. */
  readonly table: RouteTable;
  readonly findMethod: FindMethod;
}

/**
 * Looks what the rules in dry-run of a gateway would have made of a request.
 *
 * @param found - what those in force make of it; undefined: there are none for its host.
 * @returns undefined: nothing that is due to a resource in dry-run.
 */
export function gatewayDryRun(
  { policies, table, findMethod }: GatewayDryRunParts,
  request: RouteRequest,
  found: RouteMatch | undefined,
): GatewayDryRun | undefined {
  const foundThen = table.find(request);
  const resource = policies.dryRunTitleOf(table, foundThen);
  if (resource === undefined) return undefined;
  const now = { found, called: calledBy(found, request, findMethod) };
  const then = { found: foundThen, called: calledBy(foundThen, request, findMethod) };
  if (now.called === undefined) {
    const event = sameAnswer(now, then, request) ? undefined : routeEvent(resource, then, request);
    return { would: undefined, event };
  }
  const rule = foundThen.kind === 'rule' && isSame(now.called, then.called) ? foundThen.rule : undefined;
  return { would: { resource, rule }, event: undefined };
}

function calledBy(
  found: RouteMatch | undefined,
  { path }: RouteRequest,
  findMethod: FindMethod,
): GatewayMethod | undefined {
  if (found === undefined) return findMethod(path);
  if (found.kind !== 'rule' || found.rule.action.kind !== 'route') return undefined;
  return findMethod(found.match.rewritePath?.(path) ?? path);
}

function isSame(one: GatewayMethod, other: GatewayMethod | undefined): boolean {
  return one.service === other?.service && one.method.path === other.method.path;
}

/** What a rule does in place of a call; undefined: the answer is 404. */
function answerOf({ found }: Said): Exclude<RouteAction, { readonly kind: 'route' }> | undefined {
  return found?.kind === 'rule' && found.rule.action.kind !== 'route' ? found.rule.action : undefined;
}

/** Whether a request of which no call is made would be answered in the same way. */
function sameAnswer(now: Said, then: Said, { path }: RouteRequest): boolean {
  if (then.called !== undefined) return false;
  const one = answerOf(now);
  const other = answerOf(then);
  if (one?.kind === 'redirect' && other?.kind === 'redirect') {
    return sameRedirect(one, other) && rewritten(now, path) === rewritten(then, path);
  }
  if (one?.kind === 'directResponse' && other?.kind === 'directResponse') {
    return one.httpStatus === other.httpStatus && textOf(one.body) === textOf(other.body);
  }
  return one === undefined && other === undefined;
}

function sameRedirect(one: RedirectAction, other: RedirectAction): boolean {
  return (['httpStatus', 'uri', 'authority', 'scheme', 'port'] as const).every(
    (part) => one[part] === other[part],
  );
}

function rewritten({ found }: Said, path: string): string | undefined {
  return found?.kind === 'rule' ? found.match.rewritePath?.(path) : undefined;
}

function textOf(body: Uint8Array | undefined): string {
  return body === undefined ? '' : Buffer.from(body).toString('base64');
}

/** Names the call that would have been made; where none would, the host, the verb and the path of the request. */
function routeEvent(
  resource: string,
  { called }: Said,
  { authority, verb, path }: RouteRequest,
): DryRunEvent {
  return called === undefined
    ? { service: { name: authority }, method: `${verb} ${path}`, resource, effect: 'route' }
    : { service: { name: called.service }, method: called.method.path, resource, effect: 'route' };
}
