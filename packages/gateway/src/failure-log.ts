import { type Clock, type Logger, messageOf } from '@micromesh/core';

/** What operators are told of an answer, and its client is not. */
export interface InsideWords {
  /** The mesh's word for why it ended the call: `noNode`, `registryUnknown`, `rateLimit`. */
  readonly reason: string;
  /** The name of the gRPC status: `UNAVAILABLE`. */
  readonly status: string;
  /** Whose failure it is: the path of the method, or the resource whose rules took no request. Never a client's own words. */
  readonly subject: string;
  /** The whole story, with addresses and names. */
  readonly message: string;
}

interface Told {
  readonly at: number;
  /** Failures of the kind since then. */
  alike: number;
}

/** A log is no place for thousands of the same within a second. */
const QUIET_MS = 1000;

/**
 * Tells operators of failures: of each kind (reason, status and subject) at most once a second. `reason` is the field to search for; `alike`
 * counts those of the kind since its last line, which had none of their own.
 */
export class FailureLog {
  readonly #logger: Logger;
  readonly #clock: Clock;
  /** Not more than reasons, statuses and subjects make. */
  readonly #told = new Map<string, Told>();

  constructor(logger: Logger, clock: Clock) {
    this.#logger = logger;
    this.#clock = clock;
  }

  /** A call that the mesh ended, or a request that no rule takes. */
  warn({ message, ...fields }: InsideWords): void {
    const alike = this.#turn([fields.reason, fields.status, fields.subject].join(' '));
    if (alike !== undefined) this.#logger.warn({ ...fields, alike }, `gateway: ${message}`);
  }

  /** A failure of the gateway itself. */
  error(error: unknown): void {
    const alike = this.#turn('gateway');
    if (alike === undefined) return;
    this.#logger.error({ reason: 'gateway', alike, err: error }, `gateway: ${messageOf(error)}`);
  }

  /** How many had no line since the last one; undefined: it is too early for another. */
  #turn(kind: string): number | undefined {
    const now = this.#clock.now();
    const told = this.#told.get(kind);
    if (told !== undefined && now - told.at < QUIET_MS) {
      told.alike++;
      return undefined;
    }
    this.#told.set(kind, { at: now, alike: 0 });
    return told?.alike ?? 0;
  }
}
