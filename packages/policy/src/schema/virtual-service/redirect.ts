import type { z } from 'zod';
import { applied, message } from '../field.js';
import { integer, port, text, word } from '../leaves.js';

const GATEWAY = 'at the HTTP gateway';

/** An answer that sends a browser elsewhere. */
export const httpRedirect = message('HTTPRedirect', {
  uri: applied(text(), `${GATEWAY}: the path of the Location`),
  authority: applied(text(), `${GATEWAY}: the host of the Location`),
  port: applied(port(), `${GATEWAY}: the port of the Location`),
  derivePort: applied(
    word('FROM_PROTOCOL_DEFAULT', 'FROM_REQUEST_PORT'),
    `${GATEWAY}: the port of the Location is the scheme's or the request's; default FROM_PROTOCOL_DEFAULT`,
  ),
  scheme: applied(word('http', 'https'), `${GATEWAY}: the scheme of the Location; default the request's`),
  redirectCode: applied(integer(300, 399), `${GATEWAY}: the status; default 301`),
  prefixRewrite: applied(text(), `${GATEWAY}: replaces the prefix that matched; not together with \`uri\``),
});

/** An answer that sends a browser elsewhere. */
export type HttpRedirect = z.infer<typeof httpRedirect>;
