import type { z } from 'zod';
import { applied, message, required } from '../field.js';
import { anyText, formed, integer } from '../leaves.js';

/** The body of a direct response. */
export const httpBody = message('HTTPBody', {
  string: applied(
    anyText(),
    'as text; at the HTTP gateway the body, `application/json` where it is an object or a list of JSON, else `text/plain`; of a gRPC call the message of the status',
  ),
  bytes: applied(
    formed(
      /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/,
      'base64',
      'encode the bytes: base64 -w0',
    ),
    'as base64; at the HTTP gateway the body, for a gRPC call it has no place',
  ),
});

/** An answer that no node gives. */
export const httpDirectResponse = message('HTTPDirectResponse', {
  status: required(
    integer(200, 599),
    "at the HTTP gateway the status; a gRPC call ends with the status that gRPC's table has for it: 503 is UNAVAILABLE",
  ),
  body: applied(httpBody, 'the body; default none'),
});

/** An answer that no node gives. */
export type HttpDirectResponse = z.infer<typeof httpDirectResponse>;
