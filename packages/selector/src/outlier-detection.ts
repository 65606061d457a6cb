import { OutlierHost } from './outlier-host.js';

/** When a host is ejected: the fields of Istio's `outlierDetection`, as Envoy understands them. */
export interface OutlierDetectionSettings {
  /** Errors in a row that eject; 0: off. */
  readonly consecutive5xxErrors: number;
  /** 502, 503 and 504 in a row; 0: off. */
  readonly consecutiveGatewayErrors: number;
  /** Whether what no server said counts for itself. */
  readonly splitExternalLocalOriginErrors: boolean;
  /** In a row; counts where they are split; 0: off. */
  readonly consecutiveLocalOriginFailures: number;
  /** Between two sweeps. */
  readonly intervalMs: number;
  /** The first ejection's length; each further one in a row is longer by as much. */
  readonly baseEjectionMs: number;
  readonly maxEjectionMs: number;
  /** No ejection may bring the share of the ejected hosts above this, in (0, 1]. */
  readonly maxEjectionRatio: number;
  /** HTTP statuses that are errors, and none else; undefined: every 5xx is one. */
  readonly errorStatuses: readonly number[] | undefined;
}

/** The rule that ejects a host, by its field. */
export type EjectionField =
  | 'consecutive5xxErrors'
  | 'consecutiveGatewayErrors'
  | 'consecutiveLocalOriginFailures';

/** Whose hosts they are. */
export interface OutlierDetectionOwner<H> {
  /** All hosts of the cluster, as things stand now. */
  hosts(): readonly H[];
  /** A host is ejected from now on. */
  onEject(host: H, field: EjectionField, lengthMs: number): void;
  /** A host is used again. */
  onUneject(host: H): void;
}

/**
 * Envoy's outlier detection for the hosts of one cluster: what fails in a row ejects at once, and a sweep at each interval ends ejections. Holds
 * no timer: who has it calls {@link sweep} while {@link needsSweep} says so.
 *
 * Source: envoyproxy/envoy source/common/upstream/outlier_detection_impl.cc (00c7146) and docs/root/intro/arch_overview/upstream/outlier.rst,
 * with what Istio leaves on: no success rate, no failure percentage, no jitter, `always_eject_one_host` false.
 */
export class OutlierDetection<H> {
  readonly #settings: OutlierDetectionSettings;
  readonly #owner: OutlierDetectionOwner<H>;
  /** Only of those that have failed. */
  readonly #states = new Map<H, OutlierHost>();

  constructor(settings: OutlierDetectionSettings, owner: OutlierDetectionOwner<H>) {
    this.#settings = settings;
    this.#owner = owner;
  }

  /**
   * Takes note of what a host has answered, in the headers or the trailers.
   *
   * @param httpStatus - that of a gRPC status is {@link httpStatusOfGrpc}.
   */
  answered(host: H, httpStatus: number, now: number): void {
    const counted = this.#counted(httpStatus);
    const state = isError(counted) ? this.#failing(host) : this.#states.get(host);
    if (state === undefined) return;
    state.localFailures = 0;
    this.#put(host, state, counted, now);
  }

  /**
   * Takes note of an attempt that ended without an answer of the host.
   *
   * @param httpStatus - that Envoy has for it: 504 for a time-out, else 503.
   */
  unanswered(host: H, httpStatus: 503 | 504, now: number): void {
    const state = this.#failing(host);
    if (!this.#settings.splitExternalLocalOriginErrors) {
      this.#put(host, state, httpStatus, now);
      return;
    }
    state.localFailures++;
    if (state.localFailures === this.#settings.consecutiveLocalOriginFailures) {
      this.#judge(host, state, 'consecutiveLocalOriginFailures', now);
    }
  }

  /** Whether the host is out. */
  isEjected(host: H): boolean {
    return this.#states.get(host)?.ejectedAt !== undefined;
  }

  /** When the time of an ejection is over, so that the next sweep ends it; undefined: the host is not out. */
  ejectedUntil(host: H): number | undefined {
    const state = this.#states.get(host);
    return state?.ejectedAt === undefined ? undefined : state.ejectedAt + state.lengthMs(this.#settings);
  }

  /** Whether a sweep would find anything to do, now or later. */
  get needsSweep(): boolean {
    for (const state of this.#states.values()) if (state.isMarked) return true;
    return false;
  }

  /** Ends the ejections whose time is over, and shortens the next one of each host that was in use for a whole interval. */
  sweep(now: number): void {
    this.#forgetThoseGone();
    for (const [host, state] of this.#states) {
      if (state.ejectedAt === undefined || state.lengthMs(this.#settings) > now - state.ejectedAt) continue;
      state.uneject(now);
      this.#owner.onUneject(host);
    }
    for (const state of this.#states.values()) state.forgive(now, this.#settings.intervalMs);
  }

  /** Envoy's `error_matcher`: what matches is an error whatever its status, all else is none. */
  #counted(httpStatus: number): number {
    const { errorStatuses } = this.#settings;
    if (errorStatuses === undefined) return httpStatus;
    if (!errorStatuses.includes(httpStatus)) return 200;
    return isError(httpStatus) ? httpStatus : 500;
  }

  #failing(host: H): OutlierHost {
    let state = this.#states.get(host);
    if (state === undefined) {
      this.#forgetThoseGone();
      state = new OutlierHost();
      this.#states.set(host, state);
    }
    return state;
  }

  #put(host: H, state: OutlierHost, httpStatus: number, now: number): void {
    if (!isError(httpStatus)) {
      state.errors = 0;
      state.gatewayErrors = 0;
      return;
    }
    const { consecutive5xxErrors, consecutiveGatewayErrors } = this.#settings;
    if (isGatewayError(httpStatus)) {
      state.gatewayErrors++;
      if (state.gatewayErrors === consecutiveGatewayErrors) {
        this.#judge(host, state, 'consecutiveGatewayErrors', now);
      }
    } else {
      state.gatewayErrors = 0;
    }
    state.errors++;
    if (state.errors === consecutive5xxErrors) this.#judge(host, state, 'consecutive5xxErrors', now);
  }

  /** Where it may not go the row begins anew, so that it is judged again as many errors later. */
  #judge(host: H, state: OutlierHost, field: EjectionField, now: number): void {
    if (state.ejectedAt !== undefined) return;
    const hosts = this.#owner.hosts();
    if (!hosts.includes(host)) return;
    let ejected = 1;
    for (const each of hosts) if (this.isEjected(each)) ejected++;
    if (ejected / hosts.length <= this.#settings.maxEjectionRatio) {
      state.eject(now, this.#settings);
      this.#owner.onEject(host, field, state.lengthMs(this.#settings));
    }
    state.endRow(field);
  }

  /** One that registers anew is another. */
  #forgetThoseGone(): void {
    if (this.#states.size === 0) return;
    const present = new Set(this.#owner.hosts());
    for (const host of this.#states.keys()) if (!present.has(host)) this.#states.delete(host);
  }
}

function isError(httpStatus: number): boolean {
  return httpStatus >= 500 && httpStatus <= 599;
}

function isGatewayError(httpStatus: number): boolean {
  return httpStatus >= 502 && httpStatus <= 504;
}

/** By gRPC code, as Envoy's grpcToHttpStatus has them: source/common/grpc/status.cc. */
const HTTP_STATUSES = [200, 499, 500, 400, 504, 404, 409, 403, 429, 400, 409, 400, 501, 500, 503, 500, 401];

/** The HTTP status that a gRPC status counts as; 500 for one that gRPC does not know. */
export function httpStatusOfGrpc(code: number): number {
  return HTTP_STATUSES[code] ?? 500;
}
