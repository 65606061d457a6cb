import type { Metadata } from '@grpc/grpc-js';

/**
 * What is known of a request when its attempt has ended:
 * `unsent`: it was provably never handled; `answered`: the server itself said how it ended;
 * `unknown`: it may have been handled.
 */
export type Delivery = 'unsent' | 'unknown' | 'answered';

/** Who gave the status: a server (`remote`), or this process, seeing a connection, a deadline or its own rule. */
export type Origin = 'local' | 'remote';

/**
 * Why this process ended an attempt or a call; `none` when the server did.
 *
 * About a node: `connect` (no connection), `refused` (the stream was turned away), `dropped` (the connection ended),
 * `silent` (the node did not answer when asked), `late` (the request came so late that the server has asked for it anew), `attemptTimeout`.
 * About the caller: `cancelled`, `deadline`.
 * About the mesh: `noNode`, `route` (an operator's rule answered, or none takes the call), `registryUnknown`, `superseded` (another attempt won), `interceptor` (a user's code failed), `credentials`
 * (per-call credentials on a clear connection), `protocol` (the peer broke gRPC), `breakerOpen` (the circuit breaker of the method),
 * `concurrency` (a limit of calls at a time), `rateLimit` (a limit of calls in a time), `fault` (an operator's
 * fault ended the call on purpose), `closed` (the mesh was closed).
 */
export type Reason =
  | 'none'
  | 'connect'
  | 'refused'
  | 'dropped'
  | 'silent'
  | 'late'
  | 'attemptTimeout'
  | 'cancelled'
  | 'deadline'
  | 'noNode'
  | 'route'
  | 'registryUnknown'
  | 'superseded'
  | 'interceptor'
  | 'credentials'
  | 'protocol'
  | 'breakerOpen'
  | 'concurrency'
  | 'rateLimit'
  | 'fault'
  | 'closed';

/** How a call, or one attempt of it, ended: a value, never thrown inside the chain. */
export interface Outcome {
  /** A gRPC status code; 0 is OK. */
  readonly code: number;
  /** What the server said, or what this process says in its place. */
  readonly details: string;
  /** The server's trailers; empty when the status is local. */
  readonly trailers: Metadata;
  readonly origin: Origin;
  readonly delivery: Delivery;
  readonly reason: Reason;
  /** What made this process end it, where that is an error of the caller's: `signal.reason`. */
  readonly cause?: Error;
}
