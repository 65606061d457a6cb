import type { ScriptedReply } from '@micromesh/client/testing';
import { ConfigError, checkInteger, checkNumber, checkOptionNames, nearestName } from '@micromesh/core';

type FieldsOf<K extends ScriptedReply['kind']> = Exclude<keyof Extract<ScriptedReply, { kind: K }>, 'kind'> &
  string;

const FIELDS: { readonly [K in ScriptedReply['kind']]: readonly FieldsOf<K>[] } = {
  answer: ['messages', 'afterMs'],
  status: ['code', 'details', 'afterMs'],
  drop: ['afterMs'],
  refuse: [],
  silence: [],
};

/**
 * Looks at what a test scripts, which nobody would answer for otherwise: a call to it would wait for ever.
 *
 * @param field - for the message.
 * @throws ConfigError that names the field, its value and the fix.
 */
export function checkReply(field: string, reply: ScriptedReply): void {
  if (typeof reply !== 'object' || reply === null) {
    throw new ConfigError(field, reply, 'is no reply', "give one, e.g. { kind: 'drop' }");
  }
  const kinds = Object.keys(FIELDS);
  if (!kinds.includes(reply.kind)) {
    const near = nearestName(String(reply.kind), kinds);
    const mend = near === undefined ? `give ${kinds.join(' or ')}` : `did you mean ${near}?`;
    throw new ConfigError(`${field}.kind`, reply.kind, 'is no kind of reply', mend);
  }
  checkOptionNames(`${field} of kind ${reply.kind}`, reply, ['kind', ...FIELDS[reply.kind]]);
  if ('afterMs' in reply && reply.afterMs !== undefined) checkNumber(`${field}.afterMs`, reply.afterMs, 0);
  if (reply.kind === 'answer') checkMessages(`${field}.messages`, reply.messages);
  if (reply.kind === 'status') checkStatus(field, reply.code, reply.details);
}

function checkMessages(field: string, messages: unknown): void {
  if (!Array.isArray(messages)) {
    throw new ConfigError(field, messages, 'is no list', 'give the messages as bytes: [Buffer.from(...)]');
  }
  for (const [index, message] of messages.entries()) {
    if (Buffer.isBuffer(message)) continue;
    const mend =
      'give bytes: definition.responseSerialize(message); or answer by serve(definition, handlers)';
    throw new ConfigError(`${field}[${index}]`, message, 'is no Buffer', mend);
  }
}

function checkStatus(field: string, code: number, details: unknown): void {
  if (code === 0) {
    throw new ConfigError(
      `${field}.code`,
      code,
      'is OK',
      "give a status from 1 to 16, or take kind: 'answer'",
    );
  }
  checkInteger(`${field}.code`, code, 1, 16);
  if (details === undefined || typeof details === 'string') return;
  throw new ConfigError(`${field}.details`, details, 'is not a string', 'give one');
}
