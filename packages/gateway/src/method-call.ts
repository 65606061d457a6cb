import { status } from '@grpc/grpc-js';
import type { Mesh } from '@micromesh/mesh';
import { bytesMethod } from './bytes-method.js';
import { errorAnswer, errorBody, GatewayError } from './gateway-error.js';
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
}

/** Makes the call of a route: the request as bytes. */
export type MethodCall = (request: Buffer, options: GatewayCallOptions) => Promise<Reply>;

/** Prepares the calls of a route: one client of the mesh for all of them. */
export function methodCall(mesh: Pick<Mesh, 'client'>, { service, method, json }: Route): MethodCall {
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
        const responses = client.call(request, options)[Symbol.asyncIterator]();
        // Until the first message an error still has an HTTP status.
        const first = await responses.next();
        return { kind: 'lines', lines: jsonLines(first, responses, (bytes) => json.response(bytes)) };
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

/** One JSON text a line; an error after the first message is the last line: `{ "error": { code, status, message } }`. */
async function* jsonLines(
  first: IteratorResult<Buffer>,
  responses: AsyncIterator<Buffer>,
  toJson: (bytes: Buffer) => string,
): AsyncGenerator<string, void> {
  try {
    for (let next = first; next.done !== true; next = await responses.next()) yield `${toJson(next.value)}\n`;
  } catch (error) {
    const body = errorAnswer(error)?.body ?? errorBody(status.INTERNAL, 'the gateway failed');
    yield `${JSON.stringify({ error: body })}\n`;
  } finally {
    await responses.return?.();
  }
}
