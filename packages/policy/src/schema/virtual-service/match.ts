import type { z } from 'zod';
import { applied, message, noMeaning } from '../field.js';
import { anyText, flag, list, mapOf, port, text } from '../leaves.js';
import { stringMatch } from './string-match.js';

/** Which calls a rule is for: all of its fields must agree. */
export const httpMatchRequest = message('HTTPMatchRequest', {
  name: applied(text(), 'names the match in `explain` and in events'),
  uri: applied(
    stringMatch,
    'the path of the method: `/hello.v1.Hello/Anything`; at the HTTP gateway the path of the request, without its query',
    'at the HTTP gateway several slashes count as one; a path is compared as it is written, and a method has several (`/user/getUser`, `/user/get-user`): to shut one out, let in what is wanted, and end without a rule for the rest',
  ),
  scheme: applied(
    stringMatch,
    '`http`, or `https` where the call goes over TLS; at the HTTP gateway that of the request: `http`, for it speaks no TLS',
  ),
  method: applied(
    stringMatch,
    'a gRPC call is always a `POST`; at the HTTP gateway the verb of the request: `OPTIONS` of a preflight',
  ),
  authority: applied(
    stringMatch,
    'the authority of the call: the name that the caller gave the service; at the HTTP gateway `Host`, without the port',
  ),
  headers: applied(
    mapOf(stringMatch),
    'metadata of the call, at the HTTP gateway the headers of the request, keys in lower case; `{}`: it is there; several values are joined by commas',
  ),
  port: applied(
    port(),
    'the port in the name that the caller gave (`hello:50051`); a name without one matches no port; at the HTTP gateway the port in `Host`, 80 where there is none',
  ),
  sourceLabels: applied(
    mapOf(anyText()),
    'the labels of the calling process (`identity.labels`) must include these',
  ),
  gateways: applied(
    list(text()),
    'of the gateways that the resource names; `mesh`: calls of processes; default all of them',
  ),
  queryParams: applied(
    mapOf(stringMatch),
    'of a request at the HTTP gateway, the first of a name; a gRPC call has none, so the rule does not match',
    'a parameter that rules look at need be no field of the message',
  ),
  ignoreUriCase: applied(flag(), '`uri` with `exact` and `prefix` in any case; default false'),
  withoutHeaders: applied(
    mapOf(stringMatch),
    'as `headers`, the other way round: it must not be there, or not match; a header that is missing counts as empty',
  ),
  sourceNamespace: applied(text(), 'the namespace of the calling process (`identity.namespace`)'),
  statPrefix: noMeaning(
    text(),
    "names Envoy's statistics, which there are none of",
    'use the route name: metrics have it',
  ),
});

/** Which calls a rule is for. */
export type HttpMatchRequest = z.infer<typeof httpMatchRequest>;
