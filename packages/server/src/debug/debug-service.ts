import { type Server, status } from '@grpc/grpc-js';
import { formatServiceKey, type NodeReport, type ServiceReport } from '@micromesh/core';
import { bindHandlers } from '../bound-handler.js';
import type { CallRoom } from '../call-room.js';
import { type CalledService, DebugService, type SeenNode } from '../gen/micromesh/v1/debug.js';
import { serveMethod } from '../grpc-methods.js';
import type { HandlerContext } from '../handler-context.js';
import type { Handlers } from '../handlers.js';
import { RpcError } from '../rpc-error.js';
import { runHandler } from '../server-call.js';
import { isLoopbackPeer } from './loopback-peer.js';

/** What the debug service of a server stands on. */
export interface DebugParts {
  /** What the process knows of the services that it calls. */
  readonly report: () => readonly ServiceReport[];
  /** `machine`: only callers on this machine are answered. */
  readonly answers: 'all' | 'machine';
  /** Whether the server listens on a Unix socket, whose callers are all on this machine, and have no address. */
  readonly onSocket: boolean;
}

/** Adds `micromesh.v1.Debug` to a server; as health and reflection, it does not go through the user's interceptors, nor does it count against the operator's limits. */
export function addDebug(server: Server, room: CallRoom, parts: DebugParts): void {
  const { policyLimits: _, ...unlimited } = room;
  const ownRoom = { ...unlimited, serve: runHandler };
  for (const handler of bindHandlers(DebugService, debugHandlers(parts))) {
    serveMethod(server, ownRoom, handler);
  }
}

/** Whether a peer is one of those that are answered. */
export function mayAsk({ answers, onSocket }: Omit<DebugParts, 'report'>, peer: string): boolean {
  return answers === 'all' || onSocket || isLoopbackPeer(peer);
}

function debugHandlers({ report, ...parts }: DebugParts): Handlers<typeof DebugService> {
  const refuseStrangers = ({ peer }: HandlerContext) => {
    if (mayAsk(parts, peer)) return;
    throw new RpcError(
      status.PERMISSION_DENIED,
      'micromesh.v1.Debug answers callers on its own machine; start the server with debug: true to answer all',
    );
  };
  return {
    listNodes: ({ service }, context) => {
      refuseStrangers(context);
      const services = report().map(calledService);
      return { services: service === '' ? services : services.filter((each) => each.service === service) };
    },
  };
}

function calledService({ service, nodes }: ServiceReport): CalledService {
  return { service: formatServiceKey(service), nodes: nodes.map(seenNode) };
}

function seenNode({ id, address, state, cause, untilMs }: NodeReport): SeenNode {
  return { id, address, state, cause, untilMs: untilMs === undefined ? undefined : BigInt(untilMs) };
}
