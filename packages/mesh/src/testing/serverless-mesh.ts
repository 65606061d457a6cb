import type { Channel } from '@grpc/grpc-js';
import type { BreakerHandle, CallOptions, TypedClient } from '@micromesh/client';
import { ConfigError, type ServiceDefinition, type ServiceKey, toServiceKey } from '@micromesh/core';
import type { JoinedMesh, Mesh } from '../create-mesh.js';
import type { DryRunCount } from '../dry-run-counts.js';
import type { ChannelSettings, ClientOptions } from '../mesh-options.js';
import type { MeshPolicies } from '../mesh-policies.js';

/** A mesh without servers: theirs are real sockets and waits, which a clock that stands would hold up for ever. */
export class ServerlessMesh implements Mesh {
  readonly #mesh: JoinedMesh;

  constructor(mesh: JoinedMesh) {
    this.#mesh = mesh;
  }

  /** For a gateway in front of it. */
  get policies(): MeshPolicies | undefined {
    return this.#mesh.policies;
  }

  channel(service: string | ServiceKey, settings?: ChannelSettings): Channel {
    return this.#mesh.channel(service, settings);
  }

  client<S extends ServiceDefinition>(definition: S, options?: ClientOptions): TypedClient<S> {
    return this.#mesh.client(definition, options);
  }

  /** @throws ConfigError always: it names what serves in its place. */
  server(service: string | ServiceKey): never {
    const { name } = toServiceKey(service);
    throw new ConfigError(
      'mesh.server',
      name,
      'cannot be started in a test mesh, which has no sockets',
      `serve the same handlers by world.addNode('${name}').serve(definition, handlers)`,
    );
  }

  breaker(service: string | ServiceKey, method: string): BreakerHandle {
    return this.#mesh.breaker(service, method);
  }

  dryRun(): readonly DryRunCount[] {
    return this.#mesh.dryRun();
  }

  with<T>(options: CallOptions, work: () => T): T {
    return this.#mesh.with(options, work);
  }

  detached<T>(work: () => T): T {
    return this.#mesh.detached(work);
  }

  close(): Promise<void> {
    return this.#mesh.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
