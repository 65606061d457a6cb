import type { Server } from '@grpc/grpc-js';
import { type Address, formatAddress, MAX_TIMER_MS } from '@micromesh/core';

/**
 * Sends GOAWAY and stops listening; resolves when every connection has ended with its last call.
 *
 * @param destroyAfterMs - when connections that have not ended are destroyed.
 */
export function shutDown(server: Server, listening: Address, destroyAfterMs: number): Promise<void> {
  // Without channelz grpc-js 1.14's forceShutdown knows of no connection and destroys none. `drain` does, but only those
  // that tryShutdown has not begun to close: so it comes first, and holds the time.
  server.drain(formatAddress(listening), Math.min(destroyAfterMs, MAX_TIMER_MS));
  return new Promise((resolve) => {
    server.tryShutdown(() => resolve());
  });
}

/** Closes a server that was not shut down, with what is connected to it. */
export function cutConnections(server: Server, listening: Address): void {
  server.drain(formatAddress(listening), 0);
  server.forceShutdown();
}
