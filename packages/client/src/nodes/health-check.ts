import { Metadata, status } from '@grpc/grpc-js';
import type { Clock, Outcome } from '@micromesh/core';
import type { Connection, WireListener } from '../transport/transport.js';

/** grpc.health.v1.HealthCheckResponse { status: SERVING }, as bytes: field 1, varint, 1. */
const SERVING = Buffer.from([0x08, 0x01]);

/**
 * Asks `grpc.health.v1.Health/Check` for the whole server. A server that has no health service but answers counts as
 * healthy (gRFC A17).
 *
 * @param waitMs - no answer in this time is no health.
 */
export function checkHealth(connection: Connection, clock: Clock, waitMs: number): Promise<boolean> {
  return new Promise((resolve) => {
    const timer = clock.setTimer(waitMs, () => {
      resolve(false);
      call.cancel();
    });
    const listener = new HealthListener((healthy) => {
      timer.cancel();
      resolve(healthy);
    });
    const metadata = new Metadata();
    const call = connection.call(
      { path: '/grpc.health.v1.Health/Check', metadata, host: undefined, credentials: undefined },
      listener,
    );
    call.read();
    // HealthCheckRequest {}: an empty message asks for the server as a whole.
    call.send(Buffer.alloc(0), 0, undefined);
    call.halfClose();
  });
}

class HealthListener implements WireListener {
  #answer: Buffer | undefined;

  constructor(private readonly done: (healthy: boolean) => void) {}

  onHeaders(): void {}

  onMessage(message: Buffer): void {
    this.#answer = message;
  }

  onEnd(outcome: Outcome): void {
    if (outcome.code === status.OK) this.done(this.#answer?.equals(SERVING) === true);
    else this.done(outcome.code === status.UNIMPLEMENTED && outcome.origin === 'remote');
  }
}
