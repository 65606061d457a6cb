import type { Socket } from 'node:net';
import {
  type CallCredentials,
  ChannelCredentials,
  type ChannelOptions,
  type experimental,
} from '@grpc/grpc-js';

type GrpcUri = Parameters<ChannelCredentials['_createSecureConnector']>[0];

/**
 * Credentials of one channel that keep hold of the socket whose handshake is under way. grpc-js never lets go of one
 * whose peer accepts it and says nothing, not even when the channel is closed.
 */
export class HandshakeCredentials extends ChannelCredentials {
  #socket: Socket | undefined;

  constructor(private readonly inner: ChannelCredentials) {
    super();
  }

  /** The connection stands: its socket is grpc-js's own. */
  done(): void {
    this.#socket = undefined;
  }

  /** Ends a handshake that is under way. */
  abandon(): void {
    this.#socket?.destroy();
    this.#socket = undefined;
  }

  override _isSecure(): boolean {
    return this.inner._isSecure();
  }

  // Equal credentials share connections, and one channel would end the handshake of another.
  override _equals(other: ChannelCredentials): boolean {
    return other === this;
  }

  override _createSecureConnector(
    target: GrpcUri,
    options: ChannelOptions,
    callCredentials?: CallCredentials,
  ): experimental.SecureConnector {
    const connector = this.inner._createSecureConnector(target, options, callCredentials);
    return {
      connect: (socket) => {
        this.#socket = socket;
        return connector.connect(socket);
      },
      waitForReady: () => connector.waitForReady(),
      getCallCredentials: () => connector.getCallCredentials(),
      destroy: () => connector.destroy(),
    };
  }
}
