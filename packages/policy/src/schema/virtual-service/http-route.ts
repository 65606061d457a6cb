import type { z } from 'zod';
import { duration } from '../duration.js';
import { applied, message, notSupported, required } from '../field.js';
import { integer, list, MAX_INT32, text } from '../leaves.js';
import { corsPolicy } from './cors-policy.js';
import { destination } from './destination.js';
import { httpDirectResponse } from './direct-response.js';
import { httpFaultInjection } from './fault.js';
import { headers } from './headers.js';
import { httpMatchRequest } from './match.js';
import { httpMirrorPolicy } from './mirror.js';
import { percent } from './percent.js';
import { httpRedirect } from './redirect.js';
import { httpRetry } from './retries.js';
import { httpRewrite } from './rewrite.js';

/** One of the places that share the calls of a rule. */
export const httpRouteDestination = message('HTTPRouteDestination', {
  destination: required(destination, 'where the call goes'),
  weight: applied(
    integer(0, MAX_INT32),
    'its share is weight / sum of the weights, drawn for each call; a single destination gets all',
    'a call with a hash key stays with its destination while the weights are the same; rules of one name part keys by their subsets in the same way, at every hop',
  ),
  headers: applied(
    headers,
    'done to calls that go there, after those of the rule',
    'of several destinations: Envoy does theirs before those of the rule',
  ),
});

/** A rule in another VirtualService. */
export const delegate = message('Delegate', {
  name: applied(text(), 'the VirtualService whose rules are taken'),
  namespace: applied(text(), 'its namespace; default that of the resource'),
});

/** One rule. */
export const httpRoute = message('HTTPRoute', {
  name: applied(text(), 'names the rule in `explain`, events and metrics'),
  match: applied(list(httpMatchRequest), 'one of these must match; silent: every call'),
  route: applied(list(httpRouteDestination), 'where the call goes'),
  redirect: applied(httpRedirect, 'at the HTTP gateway; a gRPC call ends with UNKNOWN, as behind any proxy'),
  directResponse: applied(httpDirectResponse, 'answered without a node'),
  delegate: applied(delegate, 'one level; the matches of both must agree'),
  rewrite: applied(httpRewrite, 'what is changed before the call is sent'),
  timeout: applied(
    duration(),
    'of the call, all attempts and waits included; default none of its own',
    'the shortest of it, the deadline of the parent call, and what the caller says counts; streams have none',
  ),
  retries: applied(
    httpRetry,
    "when a call is tried again; silent: micromesh's defaults",
    'silent, Istio retries twice on connect-failure,refused-stream,unavailable,cancelled',
  ),
  fault: applied(httpFaultInjection, 'faults that are made on purpose'),
  mirror: applied(
    destination,
    'gets a copy of each call, with -shadow on its authority; what it answers is thrown away',
    'one attempt in the time that the call has left; at most 100 copies of a client are under way, more are dropped; a request stream is copied when it has ended, where it was kept as a whole until then; the event `mirror` tells of each',
  ),
  mirrors: applied(
    list(httpMirrorPolicy),
    'several mirrors, each with a percentage; not together with `mirror`',
  ),
  mirrorPercent: notSupported(
    integer(0, 100),
    'Istio has replaced it',
    'write mirrorPercentage: { value: ... }',
  ),
  mirrorPercentage: applied(percent, 'of the calls that `mirror` gets; default 100, 0: none'),
  corsPolicy: applied(corsPolicy, 'at the HTTP gateway; a gRPC call has no origin'),
  headers: applied(headers, 'done to every call of the rule'),
});

/** One rule. */
export type HttpRoute = z.infer<typeof httpRoute>;
/** One of the places that share the calls of a rule. */
export type HttpRouteDestination = z.infer<typeof httpRouteDestination>;
