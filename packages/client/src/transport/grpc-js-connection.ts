import { type Channel, connectivityState, Metadata } from '@grpc/grpc-js';
import type { Clock, Timer } from '@micromesh/core';
import { Roster } from '../roster.js';
import { GrpcJsCall, UnsentCall } from './grpc-js-call.js';
import type { HandshakeCredentials } from './handshake.js';
import type { Connection, ConnectionState, WireCall, WireListener, WireRequest } from './transport.js';

/** How long a channel waits before it connects again. */
export const RECONNECT_BACKOFF_MS = { initial: 100, max: 5000 };

/** What the clock of grpc-js may be ahead of the mesh's. */
const IDLE_SLACK_MS = 20;

/** A channel, and its way to know that a peer has shaken hands. */
export interface OpenChannel {
  readonly channel: Channel;
  readonly handshake: HandshakeCredentials;
}

/** The channel of grpc-js to one node, made anew where grpc-js would wait, and the calls on it. */
export class GrpcJsConnection implements Connection {
  state: ConnectionState = 'connecting';
  #channel: Channel;
  #handshake: HandshakeCredentials;
  readonly #calls = new Roster<GrpcJsCall>();
  #watchdog: Timer | undefined;
  #reopen: Timer | undefined;
  #reopenDelayMs = RECONNECT_BACKOFF_MS.initial;
  /** When it was opened, or a call began on it. */
  #usedAt: number;
  #closed = false;

  constructor(
    private readonly open: () => OpenChannel,
    private readonly onState: (state: ConnectionState, cause: string) => void,
    private readonly clock: Clock,
    private readonly connectTimeoutMs: number,
    /** After so long without calls grpc-js closes it; 0: never. */
    private readonly idleTimeoutMs: number,
  ) {
    const { channel, handshake } = open();
    this.#channel = channel;
    this.#handshake = handshake;
    this.#usedAt = clock.now();
    this.#observe(channel);
  }

  call(request: WireRequest, listener: WireListener): WireCall {
    // Between the pick and here an interceptor may have taken its time, and the channel have been given up.
    if (this.#channel.getConnectivityState(false) === connectivityState.SHUTDOWN) {
      return new UnsentCall(listener);
    }
    if (this.idleTimeoutMs > 0) this.#usedAt = this.clock.now();
    return new GrpcJsCall(this.#channel, request, listener, this.#calls);
  }

  close(): void {
    this.#closed = true;
    this.#watchdog?.cancel();
    this.#reopen?.cancel();
    const channel = this.#channel;
    channel.close();
    // Closed in the turn that it was opened in, a channel of grpc-js hears of its addresses afterwards, and connects.
    process.nextTick(() => channel.close());
    this.#handshake.abandon();
    // grpc-js lets the calls of a closed channel end by themselves: one that nobody answers would keep the socket.
    for (const call of [...this.#calls]) call.abandon();
  }

  #observe(channel: Channel): void {
    if (this.#closed || channel !== this.#channel) return;
    // Given up. To ask a closed channel to connect would make it do so.
    const before = channel.getConnectivityState(false);
    if (before === connectivityState.SHUTDOWN) return;
    if (before === connectivityState.IDLE && this.state === 'ready' && this.#hadNothingToDo) {
      this.#renew();
      return;
    }
    // `true`: an idle channel connects now, not at its next call.
    const now = channel.getConnectivityState(true);
    this.#follow(now);
    if (this.#closed || channel !== this.#channel) return;
    channel.watchConnectivityState(now, Number.POSITIVE_INFINITY, () => this.#observe(channel));
  }

  /** And so it was grpc-js that closed it; before that time it was the server. */
  get #hadNothingToDo(): boolean {
    if (this.idleTimeoutMs === 0 || this.#calls.size > 0) return false;
    return this.clock.now() - this.#usedAt >= this.idleTimeoutMs - IDLE_SLACK_MS;
  }

  #follow(now: connectivityState): void {
    if (now === connectivityState.CONNECTING) {
      this.#watchdog ??= this.clock.setTimer(this.connectTimeoutMs, () => this.#giveUp(), false);
      if (this.state === 'ready') this.#become('failed', 'the connection was closed');
      return;
    }
    if (now === connectivityState.IDLE) {
      if (this.state === 'ready') this.#become('failed', 'the connection was closed');
      return;
    }
    this.#watchdog?.cancel();
    this.#watchdog = undefined;
    if (now === connectivityState.READY) {
      this.#handshake.done();
      this.#reopenDelayMs = RECONNECT_BACKOFF_MS.initial;
      this.#become('ready', '');
    } else if (now === connectivityState.TRANSIENT_FAILURE) {
      // From here on grpc-js tells no further try: one that hangs is given up when it is certainly over its time.
      const overMs = RECONNECT_BACKOFF_MS.max + this.connectTimeoutMs;
      this.#watchdog = this.clock.setTimer(overMs, () => this.#giveUp(), false);
      if (this.state === 'failed') this.#askWhy();
      else this.#become('failed', 'cannot connect');
    }
  }

  #become(state: ConnectionState, cause: string): void {
    if (this.state === state) return;
    this.state = state;
    this.onState(state, cause);
    if (state === 'failed') this.#askWhy();
  }

  /** Only a call's status says why a channel cannot connect; one that fails fast costs nothing. */
  #askWhy(): void {
    const channel = this.#channel;
    if (channel.getConnectivityState(false) !== connectivityState.TRANSIENT_FAILURE) return;
    const call = channel.createCall('/', Number.POSITIVE_INFINITY, null, null, null);
    call.start(new Metadata(), {
      onReceiveMetadata() {},
      onReceiveMessage() {},
      onReceiveStatus: ({ details }) => {
        const why = /Last error: (?:Error: )?(.*?)\.?(?: Resolution note:.*)?$/.exec(details)?.[1];
        if (this.state === 'failed' && channel === this.#channel && why !== undefined)
          this.onState('failed', why);
      },
    });
    call.halfClose();
  }

  /** The peer accepted and said nothing: grpc-js would wait for ever, so the channel is replaced after a pause. */
  #giveUp(): void {
    this.#watchdog = undefined;
    this.#become('failed', `no answer to the connection within ${this.connectTimeoutMs} ms`);
    // What was sent on a connection before, which the server may be draining, goes on.
    this.#channel.close();
    this.#handshake.abandon();
    this.#reopen = this.clock.setTimer(this.#reopenDelayMs, () => this.#openAnew(), false);
    this.#reopenDelayMs = Math.min(RECONNECT_BACKOFF_MS.max, this.#reopenDelayMs * 2);
  }

  /** It has had nothing to do. The same channel would take the connection up again that grpc-js is about to drop. */
  #renew(): void {
    this.#become('connecting', 'made anew after it had nothing to do');
    if (this.#closed) return;
    this.#channel.close();
    this.#handshake.abandon();
    this.#openAnew();
  }

  #openAnew(): void {
    const { channel, handshake } = this.open();
    this.#channel = channel;
    this.#handshake = handshake;
    this.#usedAt = this.clock.now();
    this.#observe(channel);
  }
}
