import type { OpenClient } from './client/bench-client.js';
import { openGrpcJs, openGrpcJsOneNode } from './client/grpc-js.js';
import { openGrpcJsRoundRobin } from './client/grpc-js-round-robin.js';
import { openMicromeshStub, openMicromeshTyped } from './client/micromesh.js';
import { openNiceGrpc } from './client/nice-grpc.js';

/** One of the clients that are compared. */
export interface Contender {
  /** For the table and the command line. */
  readonly name: string;
  /** For the JSON. */
  readonly id: string;
  readonly open: OpenClient;
  /** The most client CPU a call that `--check` lets pass, as a multiple of the baseline's; undefined: any. */
  readonly maxCpuRatio?: number;
}

/** What all others are compared with. */
export const BASELINE: Contender = { id: 'grpc-js', name: 'bare grpc-js, a stub a node', open: openGrpcJs };

/** All clients, the baseline first. */
export const CONTENDERS: readonly Contender[] = [
  BASELINE,
  { id: 'grpc-js-one-node', name: 'bare grpc-js, one node', open: openGrpcJsOneNode },
  { id: 'grpc-js-round-robin', name: 'grpc-js round_robin + retryPolicy', open: openGrpcJsRoundRobin },
  { id: 'nice-grpc', name: 'nice-grpc + retry', open: openNiceGrpc },
  { id: 'micromesh-stub', name: 'micromesh, grpc-js stub', open: openMicromeshStub, maxCpuRatio: 1.15 },
  { id: 'micromesh-typed', name: 'micromesh, typed client', open: openMicromeshTyped, maxCpuRatio: 1 },
];
