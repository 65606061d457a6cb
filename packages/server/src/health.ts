import type { Server } from '@grpc/grpc-js';
import type { HealthImplementation } from 'grpc-health-check';
import type { OpenStreams } from './open-streams.js';

/** `grpc.health.v1` of one server: the overall state under '', and one state a service. */
export class Health {
  readonly #implementation: HealthImplementation;
  readonly #services: readonly string[];

  private constructor(implementation: HealthImplementation, services: readonly string[]) {
    this.#implementation = implementation;
    this.#services = ['', ...services];
  }

  /**
   * Adds the health service to a server, not serving yet.
   *
   * @param streams - gets the open watches, which otherwise would hold up a drain.
   */
  static async addTo(server: Server, services: readonly string[], streams: OpenStreams): Promise<Health> {
    // When it is imported, it reads its .proto.
    const { HealthImplementation } = await import('grpc-health-check');
    const health = new Health(new HealthImplementation(), services);
    health.notServing();
    health.#implementation.addToServer(streams.trackedBy(server));
    return health;
  }

  serving(): void {
    for (const service of this.#services) this.#implementation.setStatus(service, 'SERVING');
  }

  notServing(): void {
    for (const service of this.#services) this.#implementation.setStatus(service, 'NOT_SERVING');
  }
}
