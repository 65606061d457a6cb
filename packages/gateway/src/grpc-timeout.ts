import { badRequest } from './gateway-error.js';

const UNIT_MS: Readonly<Record<string, number>> = {
  H: 3_600_000,
  M: 60_000,
  S: 1_000,
  m: 1,
  u: 1e-3,
  n: 1e-6,
};

/**
 * Reads a `grpc-timeout` header, as gRPC writes it: at most eight digits and a unit, `500m` or `5S`.
 *
 * @returns milliseconds, at least 1.
 * @throws GatewayError INVALID_ARGUMENT when it is none.
 */
export function readGrpcTimeout(header: string): number {
  const match = /^(\d{1,8})([HMSmun])$/.exec(header);
  const unitMs = UNIT_MS[match?.[2] ?? ''];
  if (unitMs === undefined) {
    throw badRequest(
      `grpc-timeout: ${JSON.stringify(header)} is no timeout; write 500m for 500 ms or 5S for 5 s (units H M S m u n)`,
    );
  }
  return Math.max(1, Number(match?.[1]) * unitMs);
}
