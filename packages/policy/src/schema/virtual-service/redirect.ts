import type { z } from 'zod';
import { applied, message } from '../field.js';
import { integer, port, text, word } from '../leaves.js';

const GATEWAY = 'at the HTTP gateway';

/** An answer that sends a browser elsewhere. */
export const httpRedirect = message('HTTPRedirect', {
  uri: applied(
    text(),
    `${GATEWAY}: the path of the Location; the query of the request follows, unless it has its own`,
  ),
  authority: applied(
    text(),
    `${GATEWAY}: the host of the Location; default that of the request, with its port`,
  ),
  port: applied(port(), `${GATEWAY}: the port of the Location; that of the scheme is not written`),
  derivePort: applied(
    word('FROM_PROTOCOL_DEFAULT', 'FROM_REQUEST_PORT'),
    `${GATEWAY}: FROM_REQUEST_PORT: that of the request; default FROM_PROTOCOL_DEFAULT`,
    'as in Istio, FROM_PROTOCOL_DEFAULT leaves a port that is in `Host`, unless it is the default of another scheme',
  ),
  scheme: applied(word('http', 'https'), `${GATEWAY}: the scheme of the Location; default the request's`),
  redirectCode: applied(integer(300, 399), `${GATEWAY}: the status; default 301`),
  prefixRewrite: applied(
    text(),
    `${GATEWAY}: replaces the prefix that matched, else the whole path; not together with \`uri\``,
  ),
});

/** An answer that sends a browser elsewhere. */
export type HttpRedirect = z.infer<typeof httpRedirect>;
