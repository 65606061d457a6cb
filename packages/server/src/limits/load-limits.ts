import { Metadata, status } from '@grpc/grpc-js';
import {
  type Clock,
  events,
  type Method,
  Places,
  type Random,
  type ServiceKey,
  type ShedEvent,
} from '@micromesh/core';
import type { ReplyStatus } from '../reply-status.js';
import { pollSockets } from '../stall-detector.js';
import { DrainRate } from './drain-rate.js';
import { EventLoopDelay } from './event-loop-delay.js';
import { ReturnTimes } from './return-times.js';
import type { ServerLimits } from './server-limits.js';

/** gRFC A6: how long the caller is to wait before it tries again. */
export const PUSH_BACK = 'grpc-retry-pushback-ms';

/** A call that asks to be served. */
export interface Applicant {
  readonly method: Method;
  /** Set whenever what it holds changes. */
  held: Admission | undefined;
  /** It has a place: its handler may begin. */
  admitted(): void;
  /** It is refused. */
  shed(reply: ReplyStatus): void;
}

/** What an applicant holds until it leaves: a place in the line, then at work. */
export interface Admission {
  /** Gives back whatever is held; once more does nothing. */
  leave(): void;
}

/** What limits stand on. */
export interface LoadLimitsParts {
  readonly service: ServiceKey;
  readonly clock: Clock;
  readonly random: Random;
}

/**
 * Says no in time: a server that takes more than it can do answers nobody in time. Health, reflection and the question whether it
 * lives do not pass through here.
 */
export class LoadLimits {
  readonly #limits: ServerLimits;
  readonly #parts: LoadLimitsParts;
  readonly #places: Places | undefined;
  readonly #delay: EventLoopDelay | undefined;
  readonly #drain = new DrainRate();
  readonly #returns: ReturnTimes;
  #atWork = 0;

  constructor(limits: ServerLimits, parts: LoadLimitsParts) {
    this.#limits = limits;
    this.#parts = parts;
    this.#returns = new ReturnTimes(parts.random);
    const { maxConcurrentCalls, queue = 0, maxEventLoopDelayMs } = limits;
    if (maxConcurrentCalls !== undefined) this.#places = new Places(maxConcurrentCalls, queue);
    if (maxEventLoopDelayMs !== undefined) this.#delay = new EventLoopDelay(parts.clock);
  }

  /** Begins to measure. */
  start(): void {
    this.#delay?.start();
  }

  /** Ends it: no timer is left. Calls are still counted. */
  stop(): void {
    this.#delay?.stop();
  }

  /** Handlers at work, and calls that wait for one to end. */
  get load(): { readonly atWork: number; readonly waiting: number } {
    return { atWork: this.#atWork, waiting: this.#places?.waiting ?? 0 };
  }

  /** Admits or sheds a call now, or lets it wait; what it then holds it must give back. */
  apply(applicant: Applicant): void {
    const lateMs = this.#lateMs;
    if (lateMs !== undefined) {
      this.#drain.full(this.#parts.clock.now());
      this.#shed(applicant, 'eventLoop', `its event loop is ${Math.round(lateMs)} ms late`, lateMs);
      return;
    }
    const places = this.#places;
    if (places === undefined || places.tryEnter()) this.#admit(applicant);
    else this.#letWait(places, applicant);
  }

  /** How late the event loop is, where that is too late. */
  get #lateMs(): number | undefined {
    const { maxEventLoopDelayMs } = this.#limits;
    if (maxEventLoopDelayMs === undefined || this.#delay === undefined) return undefined;
    const { ms } = this.#delay;
    return ms > maxEventLoopDelayMs ? ms : undefined;
  }

  #admit(applicant: Applicant): void {
    this.#atWork++;
    if (this.#places !== undefined && this.#places.taken >= this.#places.max) {
      this.#drain.full(this.#parts.clock.now());
    }
    applicant.held = once(() => this.#workEnded());
    applicant.admitted();
  }

  #workEnded(): void {
    this.#atWork--;
    this.#places?.leave();
    const full = this.#places !== undefined && this.#places.taken >= this.#places.max;
    this.#drain.ended(this.#parts.clock.now(), full || this.#lateMs !== undefined);
  }

  #letWait(places: Places, applicant: Applicant): void {
    const { clock } = this.#parts;
    const { queueTimeoutMs = 1000 } = this.#limits;
    const leaveLine = places.tryWait(() => {
      timer.cancel();
      // Between one handler and the next the sockets are read: a caller that has gone is seen, and the server stays responsive.
      let gone = false;
      applicant.held = once(() => {
        gone = true;
        places.leave();
      });
      void pollSockets().then(() => {
        if (!gone) this.#admit(applicant);
      });
    });
    if (leaveLine === undefined) {
      this.#shedForPlace(applicant, 'concurrency', 'none may wait');
      return;
    }
    const timer = clock.setTimer(queueTimeoutMs, () => {
      leaveLine();
      this.#shedForPlace(
        applicant,
        'queueTimeout',
        `none ended within ${queueTimeoutMs} ms (limits.queueTimeoutMs)`,
      );
    });
    applicant.held = once(() => {
      timer.cancel();
      leaveLine();
    });
  }

  #shedForPlace(applicant: Applicant, cause: ShedEvent['cause'], then: string): void {
    const { maxConcurrentCalls = 0 } = this.#limits;
    const { waiting } = this.load;
    const line = waiting > 0 && cause === 'concurrency' ? `${waiting} wait (limits.queue)` : then;
    const calls = `${maxConcurrentCalls} call${maxConcurrentCalls === 1 ? ' is' : 's are'} under way (limits.maxConcurrentCalls)`;
    this.#shed(applicant, cause, `${calls}, and ${line}`, waiting * this.#msPerCall);
  }

  get #msPerCall(): number {
    return this.#drain.msPerCall(this.#parts.clock.now());
  }

  #shed(applicant: Applicant, cause: ShedEvent['cause'], why: string, waitMs: number): void {
    const { service, clock } = this.#parts;
    if (events.shed.heard) events.shed.publish({ service, method: applicant.method.path, cause });
    const metadata = new Metadata();
    metadata.set(PUSH_BACK, String(this.#returns.next(clock.now(), waitMs, this.#msPerCall)));
    const details = `${service.name} has too much to do: ${why}`;
    applicant.shed({ code: status.RESOURCE_EXHAUSTED, details, metadata, chosen: true });
  }
}

/** What is given back once. */
export function once(work: () => void): Admission {
  let done = false;
  return {
    leave() {
      if (done) return;
      done = true;
      work();
    },
  };
}
