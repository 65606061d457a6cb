import { credentials } from '@grpc/grpc-js';
import { HelloClient, HelloService } from '@micromesh/service-hello';
import { createMesh, type Mesh } from 'micromesh';
import { type BenchClient, REQUEST, SERVICE } from './bench-client.js';
import { callStub } from './promised-stub.js';

/** An unmodified grpc-js stub on a mesh's channel, with a mesh's defaults. */
export function openMicromeshStub(addresses: readonly string[]): BenchClient {
  const mesh = meshOf(addresses);
  const channelOverride = mesh.channel(SERVICE, { definitions: [HelloService] });
  const stub = new HelloClient(SERVICE, credentials.createInsecure(), { channelOverride });
  return { call: () => callStub(stub), close: () => mesh.close() };
}

/** micromesh's typed client, with a mesh's defaults. */
export function openMicromeshTyped(addresses: readonly string[]): BenchClient {
  const mesh = meshOf(addresses);
  const client = mesh.client(HelloService, { service: SERVICE });
  return { call: () => client.anything(REQUEST), close: () => mesh.close() };
}

/** The nodes come through a registry's watch; while nothing changes every registry costs a call the same. */
function meshOf(addresses: readonly string[]): Mesh {
  return createMesh({ registry: `static:${SERVICE}=${addresses.join(',')}` });
}
