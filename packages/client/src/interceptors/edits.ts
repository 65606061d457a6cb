import type { Metadata } from '@grpc/grpc-js';
import type { Outcome } from '@micromesh/core';
import { applyHeaderEdits, type HeaderEdits } from '@micromesh/policy/route';
import type { PlannedCall } from '../call/client-call.js';
import type { Interceptor } from '../chain/interceptor.js';

/**
 * What a rule makes of a request, once, for every attempt and every copy; and of the response that the caller gets: of its headers,
 * and, where a server answers with nothing but a status, of the trailers, which are its headers then, as in Envoy. What the mesh itself
 * answers has no headers.
 */
export function edits(): Interceptor<PlannedCall> {
  return (next) =>
    function edits(call) {
      const rule = call.plan.way?.actions?.edits;
      if (rule === undefined) return next(call);
      const { request, response, path, authority } = rule;
      if (request.length > 0) {
        applyAll(request, call.metadata);
        // As in Envoy, a key that is found in the metadata is found in what is sent.
        call.hashKey = call.plan.hashKey ?? call.plan.keyOf?.(call);
      }
      if (path !== undefined) call.path = path;
      if (authority !== undefined) call.host = authority;
      if (response.length === 0) return next(call);
      call.editHeaders = (headers) => applyAll(response, headers);
      return next(call).then((outcome) => {
        if (hasStatusAlone(call, outcome)) applyAll(response, outcome.trailers);
        return outcome;
      });
    };
}

function applyAll(all: readonly HeaderEdits[], metadata: Metadata): void {
  for (const one of all) applyHeaderEdits(one, metadata);
}

/** Whether the server has sent no response headers: those of an attempt that failed are given where none has won. */
function hasStatusAlone(call: PlannedCall, { origin }: Outcome): boolean {
  if (origin !== 'remote' || call.headersGiven) return false;
  return call.winner !== undefined || call.failedHeaders === undefined;
}
