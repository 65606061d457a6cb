import { Metadata } from '@grpc/grpc-js';
import { InMemoryTransport } from '@micromesh/client/testing';
import { events, type PolicyEvent, parseAddress, silentLogger, systemClock } from '@micromesh/core';
import { MemoryPolicies, type PolicyText } from '@micromesh/policy';
import { memory } from '@micromesh/registry';
import { HelloService } from '@micromesh/service-hello';
import { createMesh } from 'micromesh';
import { type BenchClient, REQUEST, SERVICE } from '../client/bench-client.js';
import { USER, USER_HEADER } from './route-policies.js';

/** Requests that the transport keeps before they are dropped: few, or collecting garbage is mostly about them. */
const MAX_KEPT = 16;

/**
 * A typed client with nodes in its own process, so that little but the mesh itself is measured.
 *
 * @param policies - undefined: the mesh has none.
 * @throws Error when they are refused.
 */
export async function openRouted(policies: readonly PolicyText[] | undefined): Promise<BenchClient> {
  const registry = memory({ logger: silentLogger });
  for (const [index, version] of ['1', '1', '2'].entries()) {
    await registry.register({
      service: { name: SERVICE },
      id: `node-${index}`,
      address: parseAddress(`127.0.0.1:${index + 1}`),
      ...{ version, labels: {}, weight: 1, check: 'ttl' },
    });
  }
  const transport = new InMemoryTransport(systemClock);
  const refused: PolicyEvent[] = [];
  const unsubscribe = events.policy.subscribe((event) => {
    if (event.state !== 'applied') refused.push(event);
  });
  const mesh = createMesh({
    ...{ registry, transport, logger: silentLogger },
    ...(policies === undefined ? {} : { policies: [new MemoryPolicies(policies)] }),
  });
  const metadata = new Metadata();
  metadata.set(USER_HEADER, USER);
  const client = mesh.client(HelloService, { service: SERVICE });
  const call = () => {
    if (transport.attempts.length >= MAX_KEPT) transport.attempts.length = 0;
    return client.anything(REQUEST, { metadata });
  };
  // It waits for the policies.
  await call();
  unsubscribe();
  if (refused.length > 0) throw new Error(JSON.stringify(refused));
  return {
    call,
    close: async () => {
      await mesh.close();
      await registry.close();
    },
  };
}
