import { parseJson } from '../consul/health-answer.js';
import type { HttpAnswer } from '../consul/http-exchange.js';
import { isObject, numberIn, stringIn } from '../consul/json-shape.js';
import { RegistryError } from '../registry.js';
import type { KvEntry } from './key-value-store.js';

/**
 * Reads an answer of `GET /v1/kv/...`, sorted by key as Consul sends it.
 *
 * @throws RegistryError when it is no such answer: a page of a proxy, half a body, a 404 that is not Consul's.
 */
export function readKvEntries({ statusCode, headers, body }: HttpAnswer, from: string): readonly KvEntry[] {
  if (statusCode === 404) {
    // A key that is not there has an empty body and an index; any other 404 says nothing of keys.
    if (body === '' && headers['x-consul-index'] !== undefined) return [];
    throw notAnAnswer(from, 'a 404 that is not of the key-value store');
  }
  const answer = parseJson(body, from);
  if (!Array.isArray(answer)) throw notAnAnswer(from, 'a list of entries was expected');
  return answer.map((entry: unknown) => {
    if (!isObject(entry) || stringIn(entry.Key) === '' || numberIn(entry.ModifyIndex) === 0) {
      throw notAnAnswer(from, 'an entry has no Key or no ModifyIndex');
    }
    return {
      key: stringIn(entry.Key),
      // `null` is how Consul writes an empty value.
      value: Buffer.from(stringIn(entry.Value), 'base64').toString('utf8'),
      modifyIndex: numberIn(entry.ModifyIndex),
    };
  });
}

/**
 * Reads the answer to a write: whether it was carried out.
 *
 * @throws RegistryError when it is neither `true` nor `false`.
 */
export function readKvWritten({ body }: HttpAnswer, from: string): boolean {
  const word = body.trim();
  if (word !== 'true' && word !== 'false') throw notAnAnswer(from, 'true or false was expected');
  return word === 'true';
}

function notAnAnswer(from: string, problem: string): RegistryError {
  return new RegistryError(`${from}: the answer is not one of Consul's key-value store: ${problem}`);
}
