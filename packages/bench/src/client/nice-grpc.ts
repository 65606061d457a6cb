import { HelloService } from '@micromesh/service-hello';
import { ChannelCredentials, createChannel, createClientFactory } from 'nice-grpc';
import { retryMiddleware } from 'nice-grpc-client-middleware-retry';
import { type BenchClient, REQUEST } from './bench-client.js';

/** nice-grpc with its retry middleware; it has no choice of node, so one channel to one node. */
export function openNiceGrpc([address = '']: readonly string[]): BenchClient {
  const channel = createChannel(address, ChannelCredentials.createInsecure());
  const client = createClientFactory()
    .use(retryMiddleware)
    // Off by default for a method that is not marked idempotent; one retry, as everywhere here.
    .create(HelloService, channel, { '*': { retry: true } });
  return { call: () => client.anything(REQUEST), close: () => channel.close() };
}
