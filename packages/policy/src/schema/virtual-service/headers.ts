import type { z } from 'zod';
import { applied, message } from '../field.js';
import { anyText, list, mapOf, text } from '../leaves.js';

/** What is done to the metadata of a request or a response. */
export const headerOperations = message('Headers.HeaderOperations', {
  set: applied(
    mapOf(anyText()),
    'overwrites metadata; `:authority` or `host` rewrite the authority of a request; names that belong to HTTP/2, gRPC or micromesh are refused',
  ),
  add: applied(mapOf(anyText()), 'appends a value to metadata'),
  remove: applied(list(text()), 'takes metadata away; `host` and names with a colon are refused'),
});

/** What is done to the metadata of requests and responses. */
export const headers = message('Headers', {
  request: applied(
    headerOperations,
    'done once a call, after its rule was found; every attempt and every copy for a mirror carries it',
  ),
  response: applied(
    headerOperations,
    'done to the headers of the response that the caller gets, and to the trailers where a server answers with nothing else; trailers that follow headers stay as they are',
    'what micromesh itself answers has no headers',
  ),
});

/** What is done to the metadata of requests and responses. */
export type Headers = z.infer<typeof headers>;
/** What is done to the metadata of one direction. */
export type HeaderOperations = z.infer<typeof headerOperations>;
