import type { StoredAnswer } from './idempotency-store.js';
import type { MetadataPairs } from './metadata-pairs.js';

/** What the key-value store holds of one call. */
export interface KvRecord {
  readonly state: RecordState;
  readonly body: string;
  /** Random, of one claim: who may change the record. */
  readonly owner: string;
  /** When the record is as good as none, in ms since 1970. Far enough away that the clocks of nodes need not agree. */
  readonly expiresAtMs: number;
}

/**
 * `running`: the owner writes `beat` anew in less than `leaseMs`; `lost`: it has not, so nobody knows how the call ended, unless the owner
 * comes back; `done`: it ran. An answer that was too long is left out.
 */
export type RecordState =
  | { readonly kind: 'running'; readonly beat: number; readonly leaseMs: number }
  | { readonly kind: 'lost' }
  | { readonly kind: 'done'; readonly answer: StoredAnswer | undefined };

const VERSION = 1;

/** Writes a record as text. */
export function writeRecord({ state, ...rest }: KvRecord): string {
  const written = state.kind === 'done' ? { kind: 'done', answer: writeAnswer(state.answer) } : state;
  return JSON.stringify({ version: VERSION, ...rest, state: written });
}

/** Reads a record; undefined when it is none that this version has written. */
export function readRecord(text: string): KvRecord | undefined {
  const record = parse(text);
  if (!isObject(record) || record.version !== VERSION || !isObject(record.state)) return undefined;
  const { body, owner, expiresAtMs } = record;
  if (typeof body !== 'string' || typeof owner !== 'string' || typeof expiresAtMs !== 'number') {
    return undefined;
  }
  const state = readState(record.state);
  return state === undefined ? undefined : { state, body, owner, expiresAtMs };
}

function readState(state: Fields): RecordState | undefined {
  switch (state.kind) {
    case 'running':
      return typeof state.beat === 'number' && typeof state.leaseMs === 'number'
        ? { kind: 'running', beat: state.beat, leaseMs: state.leaseMs }
        : undefined;
    case 'lost':
      return { kind: 'lost' };
    case 'done': {
      if (state.answer === undefined) return { kind: 'done', answer: undefined };
      const answer = readAnswer(state.answer);
      return answer === undefined ? undefined : { kind: 'done', answer };
    }
    default:
      return undefined;
  }
}

function writeAnswer(answer: StoredAnswer | undefined) {
  if (answer === undefined) return undefined;
  return {
    response: answer.response.toString('base64'),
    header: writePairs(answer.header),
    trailer: writePairs(answer.trailer),
  };
}

function readAnswer(answer: unknown): StoredAnswer | undefined {
  if (!isObject(answer) || typeof answer.response !== 'string') return undefined;
  const header = readPairs(answer.header);
  const trailer = readPairs(answer.trailer);
  if (header === undefined || trailer === undefined) return undefined;
  return { response: Buffer.from(answer.response, 'base64'), header, trailer };
}

function writePairs(pairs: MetadataPairs): readonly (readonly [string, string])[] {
  return pairs.map(([name, value]) => [name, Buffer.isBuffer(value) ? value.toString('base64') : value]);
}

function readPairs(pairs: unknown): MetadataPairs | undefined {
  if (!Array.isArray(pairs)) return undefined;
  const read: [string, string | Buffer][] = [];
  for (const pair of pairs) {
    if (!Array.isArray(pair)) return undefined;
    const [name, value]: unknown[] = pair;
    if (typeof name !== 'string' || typeof value !== 'string') return undefined;
    // grpc-js holds bytes under these names, and under no others.
    read.push([name, name.endsWith('-bin') ? Buffer.from(value, 'base64') : value]);
  }
  return read;
}

type Fields = Readonly<Record<string, unknown>>;

function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
