import { type Channel, channel } from 'node:diagnostics_channel';
import type { CallTrace } from './call-trace.js';
import type { Delivery, Origin, Reason } from './outcome.js';
import type { ServiceKey } from './service-key.js';

/** A client call has ended. */
export interface CallEvent {
  readonly service: ServiceKey;
  /** `/hello.v1.Hello/Anything` */
  readonly method: string;
  readonly code: number;
  readonly reason: Reason;
  /** Attempts that were made, the first included; 0 when none was. */
  readonly attempts: number;
  readonly durationMs: number;
}

/** One attempt of a client call has ended. */
export interface AttemptEvent {
  readonly service: ServiceKey;
  readonly method: string;
  readonly nodeId: string;
  readonly address: string;
  /** 1 for the first. */
  readonly attempt: number;
  readonly code: number;
  readonly details: string;
  readonly origin: Origin;
  readonly delivery: Delivery;
  readonly reason: Reason;
  readonly durationMs: number;
}

/** What a node is to this process. `left`: no longer in the registry, and its last call has ended. */
export type NodeState = 'idle' | 'connecting' | 'ready' | 'down' | 'ejected' | 'left';

/** A node has changed its state in this process. */
export interface NodeEvent {
  readonly service: ServiceKey;
  readonly nodeId: string;
  readonly address: string;
  readonly state: NodeState;
  /** Why, in words: `connect ECONNREFUSED`, `silent for 250 ms when asked`. */
  readonly cause: string;
}

/** A node was asked whether it lives, and answered or did not. */
export interface QuestionEvent {
  readonly service: ServiceKey;
  readonly nodeId: string;
  readonly address: string;
  readonly verdict: 'alive' | 'silent' | 'disconnected';
  readonly durationMs: number;
}

/** A watch has published another snapshot. */
export interface SnapshotEvent {
  readonly service: ServiceKey;
  readonly nodes: number;
  readonly added: readonly string[];
  readonly removed: readonly string[];
  /** All nodes went at once: those that still answer stay in use for a while. */
  readonly massDisappearance: boolean;
}

/** A watch, a registration or a heartbeat cannot reach its registry, or can again. */
export interface RegistryEvent {
  readonly registry: string;
  readonly operation: 'watch' | 'register' | 'heartbeat' | 'deregister' | 'list';
  readonly service: ServiceKey;
  readonly state: 'failing' | 'recovered';
  /** The error in words; empty when recovered. */
  readonly error: string;
}

/** A registration has changed. `reregistered`: the registry had forgotten it. */
export interface RegistrationEvent {
  readonly registry: string;
  readonly service: ServiceKey;
  readonly nodeId: string;
  readonly state: 'registered' | 'reregistered' | 'deregistered';
}

/**
 * Something made a call's retries end early: no budget, a request beyond the replay buffer, no time in which the method could
 * answer, or a server that wants none.
 */
export interface RetryStopEvent {
  readonly service: ServiceKey;
  readonly method: string;
  readonly cause: 'budget' | 'retryConcurrency' | 'replayOverflow' | 'deadline' | 'pushBack';
}

/** An attempt starts beside one that is slow: by the call's `hedge`, or because that one has had its share of the time. */
export interface HedgeEvent {
  readonly service: ServiceKey;
  readonly method: string;
  /** Which attempt of the call it is; 1 for the first. */
  readonly attempt: number;
  readonly cause: 'hedge' | 'share';
}

/** A rule has sent a copy of a call to a mirror, or has not: nothing of it reaches the caller. */
export interface MirrorEvent {
  /** Of the call. */
  readonly service: ServiceKey;
  readonly method: string;
  /** Of the mirror. */
  readonly to: ServiceKey;
  /** Undefined: all of its nodes. */
  readonly subset: string | undefined;
  readonly state: 'sent' | 'dropped';
  /**
   * `none`: it was sent; `tooMany`: as many copies are under way as may be; `notWhole`: the request stream was not kept as a whole until
   * its end; `noTarget`: the mirror cannot be sent to.
   */
  readonly cause: 'none' | 'tooMany' | 'notWhole' | 'noTarget';
  /** The cause in words; empty where there is nothing to add. */
  readonly details: string;
}

/** A circuit breaker: `closed` lets calls through, `open` refuses them, `halfOpen` tries a few. */
export type BreakerState = 'closed' | 'open' | 'halfOpen';

/** A client's circuit breaker has changed its state. */
export interface BreakerEvent {
  readonly service: ServiceKey;
  readonly method: string;
  readonly state: BreakerState;
  /** Why, in words: `5 calls in a row failed, the last with UNAVAILABLE: ...`. */
  readonly cause: string;
}

/** A server has refused a call before its handler began. */
export interface ShedEvent {
  readonly service: ServiceKey;
  readonly method: string;
  /**
   * `concurrency`: no place was free; `queueTimeout`: none within the time; `eventLoop`: the event loop is late; `late`: the request was
   * held up on the way, and its caller is asked for it anew; `rateLimit`, `concurrencyLimit`: a resource of that kind of the operator's.
   */
  readonly cause: 'concurrency' | 'queueTimeout' | 'eventLoop' | 'late' | 'rateLimit' | 'concurrencyLimit';
}

/** What an operator said of a node has changed what this process does, or cannot be followed. */
export interface InterventionEvent {
  readonly service: ServiceKey;
  readonly nodeId: string;
  /**
   * `ejected`: in force; `ended`: its time is over; `restored`: it was taken back; `ignored`: no other node would be left;
   * `unreadable`: the record is none.
   */
  readonly state: 'ejected' | 'ended' | 'restored' | 'ignored' | 'unreadable';
  /** In words: `ejected by anna until 2026-01-01T10:00:00.000Z: disk full`. */
  readonly cause: string;
}

/** A policy set of these sources is in force in this process: all calls that begin now follow it. */
export interface PolicyAppliedEvent {
  readonly state: 'applied';
  /** Of all sources together. */
  readonly version: string;
  readonly sources: readonly { readonly source: string; readonly version: string }[];
  /** Resources by kind, at least one of each that is named. */
  readonly resources: Readonly<Record<string, number>>;
  /** Each in one line; at most 20. */
  readonly warnings: readonly string[];
}

/** A version of the policies is not applied; the one before stays in force. */
export interface PolicyRefusedEvent {
  readonly state: 'refused';
  readonly source: string;
  /** Of the source; empty where it cannot be told. */
  readonly version: string;
  /** How many there are. */
  readonly problemCount: number;
  /** Each in one line, with file, line and column; at most 20. */
  readonly problems: readonly string[];
}

/** A source of policies cannot be asked, or can again; what it said last stays in force. */
export interface PolicySourceEvent {
  readonly state: 'failing' | 'recovered';
  readonly source: string;
  /** The error in words; empty when recovered. */
  readonly error: string;
}

/** What has become of policies. */
export type PolicyEvent = PolicyAppliedEvent | PolicyRefusedEvent | PolicySourceEvent;

/** A server of this process has changed its state. */
export interface ServerEvent {
  readonly service: ServiceKey;
  readonly nodeId: string;
  readonly state: 'serving' | 'lameDuck' | 'draining' | 'stopped';
}

/** A resource in dry-run would have done something to a call. */
export interface DryRunEvent {
  readonly service: ServiceKey;
  readonly method: string;
  /** `VirtualService shop/hello` */
  readonly resource: string;
  /**
   * `route`: sent the call elsewhere, or ended it; `timeout`: ended it earlier; `retry`: tried it again; `fault`: held it up or ended it;
   * `mirror`: sent a copy; `eject`: taken its node out; `refuse`: refused it for a limit.
   */
  readonly effect: 'route' | 'timeout' | 'retry' | 'fault' | 'mirror' | 'eject' | 'refuse';
}

/** A server call was not started, or not finished, because nobody waits for it. */
export interface AbandonedEvent {
  readonly service: ServiceKey;
  readonly method: string;
  readonly stage: 'beforeHandler' | 'inHandler';
}

/**
 * One kind of event. Publishing costs one look at a flag while nobody listens: test {@link EventChannel.heard} before
 * an event object is built.
 */
export class EventChannel<T extends object> {
  readonly #channel: Channel;

  constructor(name: string) {
    this.#channel = channel(name);
  }

  get heard(): boolean {
    return this.#channel.hasSubscribers;
  }

  publish(event: T): void {
    this.#channel.publish(event);
  }

  /** Calls `listener` for each event until the returned function is called. */
  subscribe(listener: (event: T) => void): () => void {
    // Only `publish` of this class reaches the channel's name, with a T.
    const onMessage = (message: unknown) => listener(message as T);
    this.#channel.subscribe(onMessage);
    return () => {
      this.#channel.unsubscribe(onMessage);
    };
  }
}

/** Everything that happens in a mesh, on Node's `diagnostics_channel` as `micromesh:<name>`. */
export const events = {
  call: new EventChannel<CallEvent>('micromesh:call'),
  attempt: new EventChannel<AttemptEvent>('micromesh:attempt'),
  node: new EventChannel<NodeEvent>('micromesh:node'),
  question: new EventChannel<QuestionEvent>('micromesh:question'),
  snapshot: new EventChannel<SnapshotEvent>('micromesh:snapshot'),
  registry: new EventChannel<RegistryEvent>('micromesh:registry'),
  registration: new EventChannel<RegistrationEvent>('micromesh:registration'),
  retryStop: new EventChannel<RetryStopEvent>('micromesh:retry-stop'),
  hedge: new EventChannel<HedgeEvent>('micromesh:hedge'),
  mirror: new EventChannel<MirrorEvent>('micromesh:mirror'),
  server: new EventChannel<ServerEvent>('micromesh:server'),
  abandoned: new EventChannel<AbandonedEvent>('micromesh:abandoned'),
  breaker: new EventChannel<BreakerEvent>('micromesh:breaker'),
  shed: new EventChannel<ShedEvent>('micromesh:shed'),
  intervention: new EventChannel<InterventionEvent>('micromesh:intervention'),
  policy: new EventChannel<PolicyEvent>('micromesh:policy'),
  dryRun: new EventChannel<DryRunEvent>('micromesh:dry-run'),
  /** Of the calls that `createMesh({ traceRatio })` takes. */
  trace: new EventChannel<CallTrace>('micromesh:trace'),
} as const;
