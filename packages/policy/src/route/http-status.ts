import { status } from '@grpc/grpc-js';

/**
 * The gRPC status of an answer that has only an HTTP status. Source: gRPC's doc/http-grpc-status-mapping.md, which Envoy's local
 * replies follow.
 */
export function grpcStatusOfHttp(httpStatus: number): number {
  switch (httpStatus) {
    case 400:
      return status.INTERNAL;
    case 401:
      return status.UNAUTHENTICATED;
    case 403:
      return status.PERMISSION_DENIED;
    case 404:
      return status.UNIMPLEMENTED;
    case 429:
    case 502:
    case 503:
    case 504:
      return status.UNAVAILABLE;
    default:
      return status.UNKNOWN;
  }
}
