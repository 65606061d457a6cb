import { Agent } from 'node:http';
import { Agent as TlsAgent } from 'node:https';
import { Socket } from 'node:net';
import type { Clock } from '@micromesh/core';
import type { AgentAddress } from './agent-address.js';
import type { ConsulTls } from './consul-options.js';
import { isReset } from './http-exchange.js';

/** What one pool of connections is for. */
export interface SocketUse {
  /** Most connections at a time; default: as many as there are requests. */
  readonly maxSockets?: number;
  /** How long a connection stays open that is not in use, in ms; default: for ever. */
  readonly idleMs?: number;
  /** Called when a connection that had been made is closed from the other side. */
  readonly onDisconnect?: () => void;
  /** Called when a new connection was closed from the other side at once, without a word, while others stayed open. */
  readonly onRefused?: () => void;
}

/** A connection that is closed within this, unused, was not wanted. */
const AT_ONCE_MS = 1_000;
/** When an agent dies, all its connections end within this. */
const ALL_ENDED_MS = 100;

/** Connections to one agent that are kept open between requests. */
export function createSockets(address: AgentAddress, tls: ConsulTls, use: SocketUse, clock: Clock): Agent {
  const options = {
    keepAlive: true,
    maxSockets: use.maxSockets ?? Number.POSITIVE_INFINITY,
    ...(use.idleMs === undefined ? {} : { timeout: use.idleMs }),
  };
  const secure = address.kind === 'tcp' && address.secure;
  const agent = secure ? new TlsAgent({ ...tls, ...options }) : new Agent(options);
  const follower = new SocketFollower(secure, use, clock);
  const connect = agent.createConnection.bind(agent);
  agent.createConnection = (request, callback) => {
    // The `consul` package hands IPv6 hosts on with the brackets that URLs have.
    const socket = connect(address.kind === 'tcp' ? { ...request, host: address.host } : request, callback);
    if (socket instanceof Socket) follower.follow(socket);
    return socket;
  };
  return agent;
}

/** Tells what the other side does to the connections of a pool. */
class SocketFollower {
  readonly #secure: boolean;
  readonly #use: SocketUse;
  readonly #clock: Clock;
  /** Connections that can be used. */
  readonly #open = new Set<Socket>();

  constructor(secure: boolean, use: SocketUse, clock: Clock) {
    this.#secure = secure;
    this.#use = use;
    this.#clock = clock;
  }

  follow(socket: Socket): void {
    const startedAt = this.#clock.now();
    let wasUsable = false;
    let endedByPeer = false;
    socket.once(this.#secure ? 'secureConnect' : 'connect', () => {
      wasUsable = true;
      this.#open.add(socket);
    });
    socket.once('end', () => {
      endedByPeer = true;
    });
    socket.once('error', (error) => {
      endedByPeer = isReset(error);
    });
    socket.once('close', () => {
      this.#open.delete(socket);
      if (wasUsable) this.#use.onDisconnect?.();
      const wasSilent = this.#secure ? !wasUsable : socket.bytesRead === 0;
      const atOnce = this.#clock.now() - startedAt < AT_ONCE_MS;
      if (endedByPeer && wasSilent && atOnce) this.#tellRefused();
    });
  }

  #tellRefused(): void {
    const { onRefused } = this.#use;
    const others = [...this.#open];
    if (onRefused === undefined || others.length === 0) return;
    // An agent that has died refuses nothing: its other connections end as well.
    const tell = () => {
      if (others.some((other) => this.#open.has(other))) onRefused();
    };
    this.#clock.setTimer(ALL_ENDED_MS, tell, false);
  }
}
