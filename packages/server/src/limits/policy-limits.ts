import { Metadata, status } from '@grpc/grpc-js';
import { events, type Places, type ShedEvent } from '@micromesh/core';
import {
  describePlaces,
  describeRate,
  LimitCounters,
  type LimitedCall,
  PlaceEntry,
  type PlaceRefusal,
  takeTokens,
  wouldRefuse,
} from '@micromesh/policy/limits';
import type { ReplyStatus } from '../reply-status.js';
import { pollSockets } from '../stall-detector.js';
import { DrainRate } from './drain-rate.js';
import { type Admission, type LoadLimitsParts, once, PUSH_BACK } from './load-limits.js';
import { ReturnTimes } from './return-times.js';
import type { ServerPolicies } from './server-policies.js';

/** Envoy's word for a refusal that the server itself has nothing to do with: `retryOn: envoy-ratelimited` looks at it. */
export const RATE_LIMITED = 'x-envoy-ratelimited';

/** A call that asks to pass the operator's limits. */
export interface LimitedApplicant extends LimitedCall {
  /** What it holds under them, or its place in the line: it gives that back when it leaves. */
  heldByPolicy: Admission | undefined;
  /** They let it through. */
  passed(): void;
  /** It is refused. */
  shed(reply: ReplyStatus): void;
}

/** How fast the places of a limit come free. */
interface Flow {
  readonly drain: DrainRate;
  readonly returns: ReturnTimes;
}

/**
 * The operator's RateLimits and ConcurrencyLimits of the server's side, before the handler begins: they count all calls of one server, but those to
 * health, reflection and the debug service, and the question whether it lives.
 */
export class PolicyLimits {
  readonly #parts: LoadLimitsParts;
  readonly #counters: LimitCounters;
  readonly #flows = new WeakMap<Places, Flow>();

  constructor(policies: ServerPolicies, parts: LoadLimitsParts) {
    this.#parts = parts;
    this.#counters = new LimitCounters('server', policies, parts.clock);
  }

  /** Lets a call through or sheds it now, or lets it wait; what it then holds it must give back. */
  apply(applicant: LimitedApplicant): void {
    const { service, clock } = this.#parts;
    const counted = this.#counters.of(service, applicant);
    if (counted === undefined) {
      this.#pass(applicant);
      return;
    }
    const entry =
      counted.places.length === 0 ? undefined : new PlaceEntry(counted.places, applicant.method, clock);
    // A call that finds no place takes no token.
    const full = entry?.refusal;
    if (full !== undefined) {
      this.#shedForPlace(applicant, full);
      return;
    }
    const empty = takeTokens(counted.rates, applicant, clock.now());
    if (empty !== undefined) {
      this.#shed(applicant, 'rateLimit', describeRate(empty, service), empty.waitMs);
    } else if (entry === undefined) this.#pass(applicant);
    else this.#enter(applicant, entry);
  }

  #pass(applicant: LimitedApplicant): void {
    const { service, clock } = this.#parts;
    const leave = wouldRefuse(this.#counters, service, applicant, clock);
    if (leave !== undefined) {
      const held = applicant.heldByPolicy;
      applicant.heldByPolicy = once(() => {
        held?.leave();
        leave();
      });
    }
    applicant.passed();
  }

  #enter(applicant: LimitedApplicant, entry: PlaceEntry): void {
    let hasBegun = false;
    let isGone = false;
    const begin = () => {
      hasBegun = true;
      this.#entered(entry);
      this.#pass(applicant);
    };
    applicant.heldByPolicy = once(() => {
      isGone = true;
      entry.leave();
      if (hasBegun) this.#left(entry);
    });
    const state = entry.enter((refusal) => {
      if (refusal !== undefined) {
        this.#shedForPlace(applicant, refusal);
        return;
      }
      // Between one handler and the next the sockets are read: a caller that has gone is seen, and the server stays responsive.
      void pollSockets().then(() => {
        if (!isGone) begin();
      });
    });
    if (state === 'entered') begin();
    else if (state !== 'waits') this.#shedForPlace(applicant, state);
  }

  #entered({ places }: PlaceEntry): void {
    const now = this.#parts.clock.now();
    for (const each of places) if (each.taken >= each.max) this.#flowOf(each).drain.full(now);
  }

  #left({ places }: PlaceEntry): void {
    const now = this.#parts.clock.now();
    for (const each of places) this.#flows.get(each)?.drain.ended(now, each.taken >= each.max);
  }

  #flowOf(places: Places): Flow {
    let flow = this.#flows.get(places);
    if (flow === undefined) {
      flow = { drain: new DrainRate(), returns: new ReturnTimes(this.#parts.random) };
      this.#flows.set(places, flow);
    }
    return flow;
  }

  #shedForPlace(applicant: LimitedApplicant, refusal: PlaceRefusal): void {
    const { service, clock } = this.#parts;
    const { drain, returns } = this.#flowOf(refusal.places);
    const now = clock.now();
    const msPerCall = drain.msPerCall(now);
    const backMs = returns.next(now, refusal.places.waiting * msPerCall, msPerCall);
    this.#shed(applicant, 'concurrencyLimit', describePlaces(refusal, service, applicant.method), backMs);
  }

  #shed(applicant: LimitedApplicant, cause: ShedEvent['cause'], details: string, backMs: number): void {
    const { service } = this.#parts;
    if (events.shed.heard) events.shed.publish({ service, method: applicant.method.path, cause });
    const metadata = new Metadata();
    metadata.set(PUSH_BACK, String(backMs));
    if (cause === 'rateLimit') metadata.set(RATE_LIMITED, 'true');
    applicant.shed({ code: status.RESOURCE_EXHAUSTED, details, metadata, chosen: true });
  }
}
