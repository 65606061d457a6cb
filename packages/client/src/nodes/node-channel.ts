import { type Clock, messageOf, type ServiceNode } from '@micromesh/core';
import type { Connection, ConnectionPolicy, ConnectionState, Transport } from '../transport/transport.js';

/** What a channel stands on. */
export interface NodeChannelParts {
  readonly clock: Clock;
  readonly transport: Transport;
  /** Undefined: there are no operators. */
  readonly connections: ConnectionPolicy | undefined;
}

/**
 * How long a node is cold after it was connected: it compiles its code, and the first node that is back after an outage is given all calls
 * that have waited, at once. Its answers are not compared with its peers' until then.
 */
const COLD_MS = 2_000;

/** The channel to one node: opened when calls may go there, connected anew when its node is silent, closed with the last call. */
export class NodeChannel {
  #state: ConnectionState = 'connecting';
  #connection: Connection | undefined;
  #isOpen = false;
  #wasLost = false;
  /** Since when it has been connected, on the mesh's clock. */
  #connectedAt = Number.NEGATIVE_INFINITY;

  /**
   * @param nodeNow - the node as the registry has it now.
   * @param onState - hears of every state, with its cause in words.
   */
  constructor(
    private readonly nodeNow: () => ServiceNode,
    private readonly parts: NodeChannelParts,
    private readonly onState: (cause: string) => void,
  ) {}

  get state(): ConnectionState {
    return this.#state;
  }

  /** Open from {@link open} to {@link close}, connected or not. */
  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** @throws Error before the channel is open and the operators' settings are known. */
  get connection(): Connection {
    if (this.#connection === undefined) {
      throw new Error(`node ${this.nodeNow().id} was picked before it was opened`);
    }
    return this.#connection;
  }

  /** Connects, or connects anew, as soon as operators' settings of connections are known. */
  open(): void {
    this.#isOpen = true;
    const ready = this.parts.connections?.ready;
    if (ready === undefined) this.#connect();
    else void ready.then(() => this.#connectLate());
  }

  /** Gives the connection up; {@link open} makes another one. Nobody hears of it. */
  drop(): void {
    this.#connection?.close();
    this.#state = 'failed';
  }

  close(): void {
    this.#isOpen = false;
    this.#connection?.close();
    this.#connection = undefined;
  }

  /** Whether there was a time without a connection that could be had. */
  get wasLost(): boolean {
    return this.#wasLost;
  }

  /** Whether it was connected a moment ago: its node may have much to do that it has not done before. */
  isCold(now: number): boolean {
    return now - this.#connectedAt < COLD_MS;
  }

  /** Nobody is there any more who could be told of options that grpc-js does not take. */
  #connectLate(): void {
    try {
      this.#connect();
    } catch (error) {
      this.#become('failed', messageOf(error));
    }
  }

  #connect(): void {
    if (!this.#isOpen) return;
    const { transport, connections } = this.parts;
    const onState = (state: ConnectionState, cause: string) => this.#become(state, cause);
    this.#connection = transport.connect(this.nodeNow(), onState, connections?.settings);
  }

  #become(state: ConnectionState, cause: string): void {
    if (!this.#isOpen) return;
    if (state === 'ready' && this.#state !== 'ready') this.#connectedAt = this.parts.clock.now();
    if (state === 'failed') this.#wasLost = true;
    this.#state = state;
    this.onState(cause);
  }
}
