import { status } from '@grpc/grpc-js';

/** gRPC's name of a status code; a number that gRPC does not know is written as it is. */
export function statusName(code: number): string {
  return status[code] ?? String(code);
}
