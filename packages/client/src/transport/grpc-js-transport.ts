import {
  Channel,
  type ChannelCredentials,
  type ChannelOptions,
  connectivityState,
  credentials as grpcCredentials,
  Metadata,
  type StatusObject,
  status,
} from '@grpc/grpc-js';
import { type Clock, formatAddress, type ServiceNode, type Timer } from '@micromesh/core';
import { Roster, type Rostered } from '../roster.js';
import { type AttemptFacts, toOutcome } from './grpc-js-outcome.js';
import { HandshakeCredentials } from './handshake.js';
import type {
  Connection,
  ConnectionSettings,
  ConnectionState,
  Transport,
  WireCall,
  WireListener,
  WireRequest,
} from './transport.js';

type GrpcCall = ReturnType<Channel['createCall']>;

/** How the grpc-js transport connects. */
export interface GrpcJsTransportOptions {
  readonly clock: Clock;
  /** Default: clear text. */
  readonly credentials?: ChannelCredentials;
  /** Default 1000; grpc-js itself waits for ever for a peer that accepts and says nothing. */
  readonly connectTimeoutMs?: number;
  /** Go to each channel; they win over the mesh's own. */
  readonly channelOptions?: ChannelOptions;
}

const RECONNECT_BACKOFF_MS = { initial: 100, max: 5000 };

/** What the clock of grpc-js may be ahead of the mesh's. */
const IDLE_SLACK_MS = 20;

/** Of Node's timers, and so of grpc-js's. */
const LONGEST_MS = 2 ** 31 - 1;

const CHANNEL_OPTIONS: ChannelOptions = {
  // The mesh retries, on another node.
  'grpc.enable_retries': 0,
  // Mesh traffic goes to the node itself, whatever HTTP_PROXY says.
  'grpc.enable_http_proxy': 0,
  'grpc.enable_channelz': 0,
  // A node in use is kept connected; the mesh closes what has left.
  'grpc.client_idle_timeout_ms': LONGEST_MS,
  'grpc.initial_reconnect_backoff_ms': RECONNECT_BACKOFF_MS.initial,
  'grpc.max_reconnect_backoff_ms': RECONNECT_BACKOFF_MS.max,
};

// Other servers count pings that they did not allow, and end the connection with too_many_pings.
const KEEPALIVE_AMONG_US: ChannelOptions = {
  'grpc.keepalive_time_ms': 30_000,
  'grpc.keepalive_timeout_ms': 10_000,
};

/** One grpc-js channel a node. */
export class GrpcJsTransport implements Transport {
  readonly secure: boolean;
  readonly #credentials: ChannelCredentials;
  readonly #options: GrpcJsTransportOptions;

  constructor(options: GrpcJsTransportOptions) {
    this.#options = options;
    this.#credentials = options.credentials ?? grpcCredentials.createInsecure();
    this.secure = this.#credentials._isSecure();
  }

  connect(
    node: ServiceNode,
    onState: (state: ConnectionState, cause: string) => void,
    settings?: ConnectionSettings,
  ): Connection {
    const byOperator = settings && optionsBy(settings);
    let opened = 0;
    const open = (): OpenChannel => {
      opened++;
      const handshake = new HandshakeCredentials(this.#credentials);
      const channel = new Channel(channelTarget(node), handshake, {
        ...CHANNEL_OPTIONS,
        ...(node.micromesh ? KEEPALIVE_AMONG_US : {}),
        ...this.#options.channelOptions,
        ...byOperator,
        // grpc-js shares connections, and their reconnect backoff, between channels of equal address and options: a new
        // instance at an old address, or a channel in place of one that hangs, would inherit the old one's.
        'micromesh.instance': `${node.id} ${opened}`,
      });
      return { channel, handshake };
    };
    const connectTimeoutMs = settings?.connectTimeoutMs ?? this.#options.connectTimeoutMs ?? 1000;
    return new GrpcJsConnection(
      open,
      onState,
      this.#options.clock,
      connectTimeoutMs,
      settings?.idleTimeoutMs ?? 0,
    );
  }
}

function optionsBy({ keepalive, idleTimeoutMs }: ConnectionSettings): ChannelOptions {
  const idle = {
    'grpc.client_idle_timeout_ms': idleTimeoutMs === 0 ? LONGEST_MS : Math.min(idleTimeoutMs, LONGEST_MS),
  };
  if (keepalive === undefined) return idle;
  return {
    ...idle,
    'grpc.keepalive_time_ms': keepalive.intervalMs,
    'grpc.keepalive_timeout_ms': keepalive.timeoutMs,
    'grpc.keepalive_permit_without_calls': 1,
  };
}

function channelTarget(node: ServiceNode): string {
  const { address } = node;
  if (address.kind === 'unix') return formatAddress(address);
  if (/^[\d.]+$/.test(address.host)) return `ipv4:${formatAddress(address)}`;
  return address.host.includes(':') ? `ipv6:${formatAddress(address)}` : `dns:${formatAddress(address)}`;
}

interface OpenChannel {
  readonly channel: Channel;
  readonly handshake: HandshakeCredentials;
}

class GrpcJsConnection implements Connection {
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

/** A call on a channel that is closed: grpc-js would throw. */
class UnsentCall implements WireCall {
  constructor(listener: WireListener) {
    const details = 'Channel closed before call started';
    const ended = { code: status.UNAVAILABLE, details, metadata: new Metadata() };
    queueMicrotask(() => listener.onEnd(toOutcome(ended, { headers: undefined, connected: false })));
  }

  send(): void {}

  halfClose(): void {}

  read(): void {}

  cancel(): void {}

  peer(): string {
    return '';
  }
}

/** More promises than there are between a call's start and its HTTP/2 stream: six in 1.14.7. */
const LAYERS_TURNS = 24;

/**
 * A call of grpc-js that is cancelled in the turn that it was started in says so, and starts its inner call all the same: the
 * request goes out, runs, and nobody ends its stream. The inner call is caught as soon as it is there.
 */
function cancelAgain(call: GrpcCall, code: status, details: string, turns: number): void {
  queueMicrotask(() => {
    call.cancelWithStatus(code, details);
    if (turns > 1) cancelAgain(call, code, details, turns - 1);
  });
}

/** Hears what comes after the end: nothing. */
const NOBODY: WireListener = { onHeaders() {}, onMessage() {}, onEnd() {} };

/** A listener for grpc-js and a {@link WireCall} in one object: one allocation an attempt. */
class GrpcJsCall implements WireCall, AttemptFacts, Rostered {
  headers: Metadata | undefined;
  place = -1;
  readonly #channel: Channel;
  readonly #call: GrpcCall;
  #listener: WireListener;

  /** @param calls - those that have not ended: this one is in it until it has. */
  constructor(
    channel: Channel,
    request: WireRequest,
    listener: WireListener,
    private readonly calls: Roster<GrpcJsCall>,
  ) {
    this.#channel = channel;
    this.#listener = listener;
    calls.add(this);
    // Deadlines are the mesh's own: one timer a call instead of one a layer.
    this.#call = channel.createCall(request.path, Number.POSITIVE_INFINITY, request.host, null, null);
    if (request.credentials !== undefined) this.#call.setCredentials(request.credentials);
    this.#call.start(request.metadata, this);
  }

  send(message: Buffer, flags: number, written: (() => void) | undefined): void {
    this.#call.sendMessageWithContext(
      written === undefined ? { flags } : { flags, callback: written },
      message,
    );
  }

  halfClose(): void {
    this.#call.halfClose();
  }

  read(): void {
    this.#call.startRead();
  }

  cancel(): void {
    this.#end(status.CANCELLED, 'Cancelled by the mesh');
  }

  /** The connection is closed. */
  abandon(): void {
    this.#end(status.UNAVAILABLE, 'Connection dropped');
  }

  #end(code: status, details: string): void {
    this.#call.cancelWithStatus(code, details);
    if (this.headers === undefined) cancelAgain(this.#call, code, details, LAYERS_TURNS);
  }

  peer(): string {
    return this.#call.getPeer();
  }

  get connected(): boolean {
    return this.#channel.getConnectivityState(false) === connectivityState.READY;
  }

  onReceiveMetadata(metadata: Metadata): void {
    this.headers = metadata;
    this.#listener.onHeaders(metadata);
  }

  onReceiveMessage(message: Buffer): void {
    this.#listener.onMessage(message);
  }

  onReceiveStatus(ended: StatusObject): void {
    this.calls.delete(this);
    const listener = this.#listener;
    // grpc-js and Node keep a call in sight for a while; what it was for, and what came of it, need not stay with it.
    this.#listener = NOBODY;
    listener.onEnd(toOutcome(ended, this));
    this.headers = undefined;
  }
}
