import { Readable } from 'node:stream';
import type { FastifyReply } from 'fastify';
import type { Reply } from './method-call.js';

/** Answers with the JSON of a call: a document, or a line a message as they come (NDJSON). */
export function sendReply(reply: FastifyReply, answer: Reply): FastifyReply {
  if (answer.kind === 'json') return reply.type('application/json; charset=utf-8').send(answer.text);
  return reply.type('application/x-ndjson; charset=utf-8').send(Readable.from(answer.lines));
}
