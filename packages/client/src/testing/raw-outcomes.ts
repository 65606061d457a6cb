import type { ServerHttp2Stream } from 'node:http2';
import { type ChannelOptions, status } from '@grpc/grpc-js';
import type { Outcome } from '@micromesh/core';
import { call, connected, GRPC, type StreamAct, serve } from './raw-server.js';

/** What an attempt comes to on a server that does one thing with each stream. */
export async function outcomeOf(act: StreamAct, channelOptions: ChannelOptions = {}): Promise<Outcome> {
  return call(await connected(await serve(act), 'ready', channelOptions)).outcome;
}

/** What comes of a request that did not leave the process, or was turned away. */
export const UNSENT = { code: status.UNAVAILABLE, origin: 'local', delivery: 'unsent' };
/** What comes of a connection that breaks. */
export const DROPPED = { code: status.UNAVAILABLE, origin: 'local', delivery: 'unknown', reason: 'dropped' };
/** What comes of a peer that breaks gRPC. */
export const BROKEN = { origin: 'local', delivery: 'unknown', reason: 'protocol' };
/** What comes of a server's answer. */
export const ANSWERED = { origin: 'remote', delivery: 'answered', reason: 'none' };

/** Ends a stream with trailers after its headers. */
export function endAfterHeaders(stream: ServerHttp2Stream, trailers: Record<string, string>): void {
  stream.respond(GRPC, { waitForTrailers: true });
  stream.on('wantTrailers', () => stream.sendTrailers(trailers));
  stream.end();
}

/** Ends a stream with a status and nothing before it. */
export function endWithoutHeaders(stream: ServerHttp2Stream, code: number, message: string): void {
  stream.respond({ ...GRPC, 'grpc-status': String(code), 'grpc-message': message }, { endStream: true });
}
