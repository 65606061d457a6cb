import { type Metadata, status } from '@grpc/grpc-js';
import type { Mesh } from '@micromesh/mesh';
import { bytesMethod } from './bytes-method.js';
import { callError } from './call-failure.js';
import type { FailureLog } from './failure-log.js';
import { type ErrorBody, errorAnswer, GatewayError } from './gateway-error.js';
import type { Route } from './route-table.js';

/** What an HTTP client gets: one JSON text, or one a line. */
export type Reply =
  | { readonly kind: 'json'; readonly text: string }
  | { readonly kind: 'lines'; readonly lines: AsyncIterable<string> };

/** What the gateway says of a call. */
export interface GatewayCallOptions {
  /** From the request's `grpc-timeout`; left out where there is none, so that the mesh's default counts. */
  readonly timeoutMs?: number;
  /** Aborts when the HTTP client has gone, or the gateway's time to drain is over. */
  readonly signal: AbortSignal;
  /** Of the HTTP request; left out where nothing of it is handed on. */
  readonly metadata?: Metadata;
  /** Hears the response headers, once, before there is a reply. */
  readonly onHeader?: (header: Metadata) => void;
  /** Hears the trailers, once. */
  readonly onTrailer?: (trailer: Metadata) => void;
}

/** Makes the call of a route: the request as bytes. */
export type MethodCall = (request: Buffer, options: GatewayCallOptions) => Promise<Reply>;

/**
 * Prepares the calls of a route: one client of the mesh for all of them.
 *
 * @param log - told of failures in the middle of a stream, where no status can say so.
 */
export function methodCall(
  mesh: Pick<Mesh, 'client'>,
  { service, method, json }: Route,
  log: FailureLog,
): MethodCall {
  const { definition } = method;
  switch (method.method.kind) {
    case 'unary': {
      const client = mesh.client({ call: bytesMethod(definition, false, false) }, { service });
      return async (request, options) => ({
        kind: 'json',
        text: json.response(await client.call(request, options)),
      });
    }
    case 'serverStream': {
      const client = mesh.client({ call: bytesMethod(definition, false, true) }, { service });
      return async (request, options) => {
        const lines = jsonLines(client.call(request, options), (bytes) => json.response(bytes));
        // Until the first line an error still has an HTTP status.
        const first = await lines.next();
        const bodyOf = (error: unknown) => errorAnswer(callError(error, method.method.path), log).body;
        return { kind: 'lines', lines: withLastWord(first, lines, bodyOf) };
      };
    }
    default:
      return async () => {
        throw new GatewayError(
          status.UNIMPLEMENTED,
          `${method.method.path} takes a stream of requests, which HTTP with JSON cannot send; call it by gRPC`,
        );
      };
  }
}

async function* jsonLines(
  responses: AsyncIterable<Buffer>,
  toJson: (bytes: Buffer) => string,
): AsyncGenerator<string, void> {
  for await (const response of responses) yield `${toJson(response)}\n`;
}

/** The lines; an error after the first is the last line: `{ "error": { code, status, message } }`. */
async function* withLastWord(
  first: IteratorResult<string, void>,
  lines: AsyncGenerator<string, void>,
  bodyOf: (error: unknown) => ErrorBody,
): AsyncGenerator<string, void> {
  try {
    for (let next = first; next.done !== true; next = await lines.next()) yield next.value;
  } catch (error) {
    yield `${JSON.stringify({ error: bodyOf(error) })}\n`;
  } finally {
    await lines.return();
  }
}
