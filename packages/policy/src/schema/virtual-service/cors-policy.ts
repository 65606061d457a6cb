import type { z } from 'zod';
import { durationOrZero } from '../duration.js';
import { applied, message, notSupported } from '../field.js';
import { flag, list, text, word } from '../leaves.js';
import { stringMatch } from './string-match.js';

const GATEWAY = 'at the HTTP gateway';

/** Which pages of other origins may call. */
export const corsPolicy = message('CorsPolicy', {
  allowOrigin: notSupported(list(text()), 'Istio has replaced it', 'write allowOrigins: [{ exact: ... }]'),
  allowOrigins: applied(
    list(stringMatch),
    `${GATEWAY}: origins whose pages may call: \`https://example.com\`, with the scheme; \`exact: "*"\`: all`,
    'pages of other origins get 403, where Envoy makes the call and hides the answer from them; `trustedHosts` of the gateway may call as well',
  ),
  allowMethods: applied(list(text()), `${GATEWAY}: Access-Control-Allow-Methods`),
  allowHeaders: applied(list(text()), `${GATEWAY}: Access-Control-Allow-Headers`),
  exposeHeaders: applied(list(text()), `${GATEWAY}: Access-Control-Expose-Headers`),
  maxAge: applied(durationOrZero(), `${GATEWAY}: Access-Control-Max-Age`),
  allowCredentials: applied(flag(), `${GATEWAY}: Access-Control-Allow-Credentials; default false`),
  unmatchedPreflights: applied(
    word('UNSPECIFIED', 'FORWARD', 'IGNORE'),
    `${GATEWAY}: preflights of other origins are treated as any request, which ends with 403 (FORWARD), or answered with 200 and no headers (IGNORE); default FORWARD`,
  ),
});

/** Which pages of other origins may call. */
export type CorsPolicy = z.infer<typeof corsPolicy>;
