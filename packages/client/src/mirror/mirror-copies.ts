import { status } from '@grpc/grpc-js';
import { type Clock, events, type MirrorEvent, messageOf, type Outcome, type Timer } from '@micromesh/core';
import type { Mirror } from '@micromesh/policy/route';
import type { CallOptions } from '../call/call-options.js';
import { ClientCall, type PlannedCall, type ResponseListener } from '../call/client-call.js';
import { ReplayBuffer, ReplayMemory } from '../call/replay-buffer.js';
import type { Invoke } from '../chain/interceptor.js';
import { localOutcome } from '../chain/local-outcome.js';
import type { Roster } from '../roster.js';
import type { MirrorWay } from '../routing/mirror-plan.js';
import { shadowHost } from './shadow-host.js';

type Target = Mirror['target'];

/** How long a copy may take: until the deadline of its call, or little longer than a call that has none. */
export type CopyLimits =
  | { readonly kind: 'deadline'; readonly at: number }
  | { readonly kind: 'call'; readonly ended: Promise<unknown> };

/** Says where copies go. */
export interface MirrorWays {
  mirrorWay(call: PlannedCall, target: Target): MirrorWay | undefined;
}

/** Copies of one client that may be under way at a time. */
export const MAX_COPIES = 100;

/** What a copy of a call without a deadline gets after the call has ended. */
const GRACE_MS = 5000;

const NO_OPTIONS: CallOptions = {};

/**
 * The copies of one client's calls. Each is a call of its own, without retries, on the list of those that are under way, so that closing
 * the mesh ends it; it takes nothing of what the caller's calls share.
 */
export class MirrorCopies {
  readonly #ways: MirrorWays;
  readonly #active: Roster<ClientCall>;
  readonly #clock: Clock;
  readonly #max: number;
  /** Bounded by the number of copies: none is larger than what a call may keep. */
  readonly #memory = new ReplayMemory(Number.POSITIVE_INFINITY);
  #underWay = 0;

  /** @param max - default 100. */
  constructor(ways: MirrorWays, active: Roster<ClientCall>, clock: Clock, max = MAX_COPIES) {
    this.#ways = ways;
    this.#active = active;
    this.#clock = clock;
    this.#max = max;
  }

  /** Sends a copy of a call, if one may be sent: it begins at once, and nobody waits for it. */
  send(call: PlannedCall, target: Target, limits: CopyLimits, next: Invoke<PlannedCall>): void {
    // A call that has been stopped needs no copy, and a mesh that was closed begins nothing.
    const way = call.stopped === undefined ? this.#wayOf(call, target) : undefined;
    if (way === undefined) return;
    if (way.kind === 'refused') tell(call, target, 'noTarget', way.details);
    else if (!call.requests.replayable || call.overflowed) this.dropPart(call, target);
    else if (this.#underWay >= this.#max) tell(call, target, 'tooMany', `${this.#max} copies are under way`);
    else {
      tell(call, target, 'none', '');
      this.#begin(this.#copyOf(call, way), limits, next);
    }
  }

  /** The call is under way: whatever is wrong with a target must not reach it. */
  #wayOf(call: PlannedCall, target: Target): MirrorWay | undefined {
    try {
      return this.#ways.mirrorWay(call, target);
    } catch (error) {
      return { kind: 'refused', details: messageOf(error) };
    }
  }

  /** The request was never there as a whole. */
  dropPart(call: PlannedCall, target: Target): void {
    tell(call, target, 'notWhole', 'the messages of the request stream were not kept until its end');
  }

  #copyOf(call: PlannedCall, { plan, to }: Extract<MirrorWay, { readonly kind: 'routed' }>): ClientCall {
    const requests = new ReplayBuffer(Number.POSITIVE_INFINITY, this.#memory);
    for (let index = 0; index < call.requests.count; index++) {
      const message = call.requests.at(index);
      if (message !== undefined) requests.push({ ...message, written: undefined });
    }
    requests.end();
    const listener: ResponseListener = {
      onHeaders() {},
      onMessage: () => copy.requestRead(),
    };
    const metadata = call.copyMetadata();
    const copy = new ClientCall(to, call.method, metadata, NO_OPTIONS, requests, listener, this.#clock.now());
    copy.path = call.path;
    copy.host = shadowHost(call.host ?? call.service.name);
    copy.credentials = call.credentials;
    // With the key of the call, a server that keeps answers by it might give the copy's to the caller.
    if (call.idempotencyKey !== undefined) copy.idempotencyKey = `${call.idempotencyKey}-shadow`;
    copy.planned(plan, call.deadline, to);
    return copy;
  }

  #begin(copy: ClientCall, limits: CopyLimits, next: Invoke<PlannedCall>): void {
    this.#underWay++;
    this.#active.add(copy);
    let timer: Timer | undefined;
    let hasEnded = false;
    const stopIn = (ms: number) => {
      if (hasEnded) return;
      timer = this.#clock.setTimer(ms, () => copy.stop(outOfTime(copy)), false);
    };
    if (limits.kind === 'deadline') stopIn(limits.at - this.#clock.now());
    else void limits.ended.then(() => stopIn(GRACE_MS));
    void run(copy, next).then(() => {
      hasEnded = true;
      timer?.cancel();
      this.#active.delete(copy);
      copy.requests.close();
      this.#underWay--;
    });
    copy.requestRead();
  }
}

/** Layers give outcomes; should one throw all the same, the caller's call does not. */
async function run(copy: ClientCall, next: Invoke<PlannedCall>): Promise<Outcome> {
  try {
    return await next(copy);
  } catch (error) {
    return localOutcome(status.INTERNAL, 'interceptor', 'unknown', messageOf(error));
  }
}

function outOfTime(copy: ClientCall): Outcome {
  return localOutcome(
    status.DEADLINE_EXCEEDED,
    'deadline',
    copy.delivery,
    'the time of the mirrored call is over',
  );
}

function tell(call: PlannedCall, target: Target, cause: MirrorEvent['cause'], details: string): void {
  if (!events.mirror.heard) return;
  const { service, method } = call;
  const state = cause === 'none' ? 'sent' : 'dropped';
  const { service: to, subset } = target;
  events.mirror.publish({ service, method: method.path, to, subset, state, cause, details });
}
