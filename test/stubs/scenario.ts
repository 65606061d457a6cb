import type { ChannelOptions, ServerOptions } from '@grpc/grpc-js';
import type { ProbeClient, ProbeRequest } from './gen/probe.js';
import type { ProbeNode } from './probe-node.js';

/** Code that somebody wrote against grpc-js, and what it must see. */
export interface Scenario {
  readonly name: string;
  readonly server?: ServerOptions;
  readonly channelOptions?: ChannelOptions;
  readonly run: (stub: ProbeClient, node: ProbeNode) => Promise<unknown>;
}

/** Has a node send headers and trailers. */
export const WITH_METADATA = { headers: 'h', trailers: 't', 'x-in': 'in', 'x-in-bin': Buffer.from([0, 254]) };

/** A request with what a test says. */
export function request(fields: Partial<ProbeRequest> = {}): ProbeRequest {
  return { text: 'a', count: 0, payload: Buffer.alloc(0), size: 0, ...fields };
}
