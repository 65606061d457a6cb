import type { Metadata } from '@grpc/grpc-js';
import {
  applyHeaderEdits,
  type HeaderEdits,
  type HeaderStore,
  type RouteRule,
} from '@micromesh/policy/route';
import type { FastifyReply } from 'fastify';

/** Of the body that the gateway makes itself. Names that are HTTP's own validation has refused. */
const OF_THE_BODY: ReadonlySet<string> = new Set(['content-encoding', 'trailer']);

/** Does what a rule says to the headers of an answer that the gateway gives without a call. */
export function editReply(edits: HeaderEdits, reply: FastifyReply): void {
  const store: HeaderStore = {
    set: (name, value) => {
      reply.removeHeader(name);
      reply.header(name, value);
    },
    add: (name, value) => reply.header(name, [...valuesOf(reply, name), value]),
    remove: (name) => reply.removeHeader(name),
  };
  applyHeaderEdits(edits, store);
}

/** Hears the headers and trailers of a call. */
export interface ResponseEars {
  readonly onHeader: (header: Metadata) => void;
  readonly onTrailer: (trailer: Metadata) => void;
}

/**
 * Hands on the response headers that a rule, or one of its destinations, sets or adds to: the call has edited them. Of the others nothing
 * is handed on, so that there is nothing to remove. Undefined: it edits none.
 */
export function handOnEdited(rule: RouteRule, reply: FastifyReply): ResponseEars | undefined {
  const names = editedNames(rule);
  if (names.size === 0) return undefined;
  let isOver = false;
  const take = (metadata: Metadata) => {
    // What comes after the first lines of a stream comes too late.
    if (isOver || reply.raw.headersSent) return;
    isOver = true;
    for (const name of names) {
      const values = metadata
        .get(name)
        .map((value) => (typeof value === 'string' ? value : value.toString('base64')));
      if (values.length > 0) reply.header(name, values.length === 1 ? values[0] : values);
    }
  };
  // Trailers are the headers of a server that answers with a status alone.
  return { onHeader: take, onTrailer: take };
}

function editedNames({ response, action }: RouteRule): ReadonlySet<string> {
  const ofDestinations =
    action.kind === 'route' ? action.destinations.all.map((destination) => destination.response) : [];
  const names = [response.value, ...ofDestinations].flatMap(({ set, add }) =>
    [...set, ...add].map(([name]) => name),
  );
  return new Set(names.filter((name) => !OF_THE_BODY.has(name)));
}

function valuesOf(reply: FastifyReply, name: string): readonly string[] {
  const value = reply.getHeader(name);
  return value === undefined ? [] : [value].flat().map(String);
}
