import {
  Channel,
  type ChannelCredentials,
  type ChannelOptions,
  credentials as grpcCredentials,
} from '@grpc/grpc-js';
import { type Clock, formatAddress, type ServiceNode } from '@micromesh/core';
import { GrpcJsConnection, type OpenChannel, RECONNECT_BACKOFF_MS } from './grpc-js-connection.js';
import { HandshakeCredentials } from './handshake.js';
import type { Connection, ConnectionSettings, ConnectionState, Transport } from './transport.js';

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
