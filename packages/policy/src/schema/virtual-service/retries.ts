import type { z } from 'zod';
import { duration } from '../duration.js';
import { applied, message } from '../field.js';
import { flag, integer, MAX_INT32, text } from '../leaves.js';

/** When a call is tried again. */
export const httpRetry = message('HTTPRetry', {
  attempts: applied(
    integer(0, MAX_INT32),
    'tries after the first; 0, also where it is silent: none',
    'code may lower it; the retry budget counts as well; an attempt that was provably never handled moves on beside it',
  ),
  perTryTimeout: applied(
    duration(),
    'of each attempt, the first included; default: what remains of the timeout',
  ),
  retryOn: applied(
    text(),
    "Envoy's and gRPC's words and HTTP statuses, with commas and no spaces; default `connect-failure,refused-stream,unavailable,cancelled`",
    'words of gRPC look at the status that the attempt ended with, in trailers too, and of a broken connection or a per-try time-out; words and statuses of HTTP, as in Envoy, at the HTTP status, which is 200 where a server answers with a gRPC status, and at attempts without an answer',
  ),
  retryRemoteLocalities: applied(
    flag(),
    'where nodes are preferred by their locality: whether a retry may be drawn away from it while a node is left there that the call has not tried; default false',
    'a retry leaves the locality rather than go back to a node that has failed the call',
  ),
  retryIgnorePreviousHosts: applied(
    flag(),
    'a retry goes to a node that the call has not tried, while there is one; default true; false: it goes where any call would',
    'holds with consistent hashing too: the next node on the ring',
  ),
  backoff: applied(
    duration(),
    'the base of the exponential wait, with full jitter, at most ten times as long; default 25ms',
  ),
});

/** When a call is tried again. */
export type HttpRetry = z.infer<typeof httpRetry>;
