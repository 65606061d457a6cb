/** The method of a call; `read` may run twice, `write` must not. */
export type LedgerMethod = keyof typeof LedgerService;

const SERVICE = 'bench.v1.Ledger';

/** Registry name of the nodes that are micromesh servers. */
export const MESH_SERVICE = 'ledger';

/** Registry name of the nodes that are plain grpc-js servers. */
export const PLAIN_SERVICE = 'ledger-plain';

/** Registry name of the node that no fault touches. */
export const CONTROL_SERVICE = 'ledger-control';

/** What is sent and what comes back: the id of the call. */
export interface LedgerMessage {
  readonly id: string;
}

// One text on the wire: nothing is generated for it.
const MESSAGES = {
  requestSerialize: ({ id }: LedgerMessage) => Buffer.from(id),
  requestDeserialize: (bytes: Buffer): LedgerMessage => ({ id: bytes.toString() }),
  responseSerialize: ({ id }: LedgerMessage) => Buffer.from(id),
  responseDeserialize: (bytes: Buffer): LedgerMessage => ({ id: bytes.toString() }),
};

const IDEMPOTENT = { idempotency_level: 'IDEMPOTENT', idempotencyLevel: 'IDEMPOTENT' } as const;
const UNARY = { requestStream: false, responseStream: false } as const;
const STREAM = { requestStream: false, responseStream: true } as const;

/** What all clients call: each call leaves an effect in the log of the node that runs it. */
export const LedgerService = {
  read: { path: `/${SERVICE}/Read`, ...UNARY, ...MESSAGES, options: IDEMPOTENT },
  write: { path: `/${SERVICE}/Write`, ...UNARY, ...MESSAGES, options: {} },
  readStream: { path: `/${SERVICE}/ReadStream`, ...STREAM, ...MESSAGES, options: IDEMPOTENT },
  writeStream: { path: `/${SERVICE}/WriteStream`, ...STREAM, ...MESSAGES, options: {} },
} as const;

/** The proto service of {@link LedgerService}. */
export const LEDGER_PROTO_SERVICE = SERVICE;

/** Whether running the method twice is harmless. */
export function isIdempotent(method: LedgerMethod): boolean {
  return 'idempotency_level' in LedgerService[method].options;
}

/** The id that a call carries, and its effect too. */
export function callId(client: string, method: LedgerMethod, index: number): string {
  return `${client}/${method}/${index}`;
}
