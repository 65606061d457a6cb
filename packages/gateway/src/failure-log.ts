import { type Clock, type Logger, messageOf, silentLogger } from '@micromesh/core';

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

/** Servers say reasons, and code throws errors, of which nobody knows how many kinds there are. */
const MAX_KINDS = 1000;

/** Of all that are one too many. */
const OTHERS = 'others';

/**
 * Tells operators of failures: of each kind at most once a second. Calls are of one kind by reason, status and subject, failures of the gateway
 * itself by their error's name and where it was made. `reason` is the field to search for; `alike` counts those of the kind since its last
 * line, which had none of their own.
 */
export class FailureLog {
  readonly #logger: Logger | undefined;
  readonly #clock: Clock;
  /** By the time of their last lines. */
  readonly #told = new Map<string, Told>();

  /** @param logger - undefined: nobody is told. */
  constructor(logger: Logger | undefined, clock: Clock) {
    this.#logger = logger === silentLogger ? undefined : logger;
    this.#clock = clock;
  }

  /** Whether anybody is told. */
  get isKept(): boolean {
    return this.#logger !== undefined;
  }

  /** A call that the mesh ended, or a request that no rule takes. */
  warn({ message, ...fields }: InsideWords): void {
    const alike = this.#turn([fields.reason, fields.status, fields.subject].join(' '));
    if (alike !== undefined) this.#logger?.warn({ ...fields, alike }, `gateway: ${message}`);
  }

  /** A failure of the gateway itself. */
  error(error: unknown): void {
    const alike = this.#turn(`gateway ${sourceOf(error)}`);
    if (alike === undefined) return;
    this.#logger?.error({ reason: 'gateway', alike, err: error }, `gateway: ${messageOf(error)}`);
  }

  /** How many had no line since the last one; undefined: it is too early for another. */
  #turn(wanted: string): number | undefined {
    const now = this.#clock.now();
    const kind = this.#told.has(wanted) || this.#hasRoom(now) ? wanted : OTHERS;
    const told = this.#told.get(kind);
    if (told !== undefined && now - told.at < QUIET_MS) {
      told.alike++;
      return undefined;
    }
    this.#told.delete(kind);
    this.#told.set(kind, { at: now, alike: 0 });
    return told?.alike ?? 0;
  }

  /** Forgets, where there are too many, the kind that was told of longest ago, unless that still keeps it from another line. */
  #hasRoom(now: number): boolean {
    if (this.#told.size < MAX_KINDS) return true;
    const [oldest] = this.#told;
    if (oldest === undefined) return true;
    const [kind, { at }] = oldest;
    if (now - at < QUIET_MS) return false;
    this.#told.delete(kind);
    return true;
  }
}

/** Which bug it is: messages may hold what clients send, and would make a kind of each. */
function sourceOf(error: unknown): string {
  if (!(error instanceof Error)) return typeof error;
  const frame = /^\s+at .*$/m.exec(error.stack ?? '')?.[0].trim() ?? '';
  return `${error.name} ${frame}`;
}
