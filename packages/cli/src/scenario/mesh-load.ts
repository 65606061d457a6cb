import type { AttemptInterceptor } from '@micromesh/client';
import { events, silentLogger, statusName, systemClock } from '@micromesh/core';
import { createMesh, type MeshDefaults } from '@micromesh/mesh';
import { consulKv } from '@micromesh/policy/places';
import { loadHelloDefinition } from '../demo/service-definitions.js';
import type { LoadOptions, LoadPart } from './parts.js';
import { ReadyNodes } from './ready-nodes.js';

const SERVICE = 'hello';

/**
 * Makes the client side of a run: a mesh in this process with the mesh's own defaults, and its events.
 *
 * @throws DemoServicesMissing outside the repository.
 */
export async function startMeshLoad(options: LoadOptions): Promise<LoadPart> {
  const { registryUrl, retries, maxConcurrentRetries, onTried, onRouted } = options;
  const defaults: MeshDefaults = {
    ...(retries === undefined ? {} : { retries }),
    ...(maxConcurrentRetries === undefined ? {} : { maxConcurrentRetries }),
  };
  const definition = await loadHelloDefinition();
  const mesh = createMesh({
    identity: { service: 'load' },
    registry: registryUrl,
    logger: silentLogger,
    defaults,
    ...(onRouted === undefined
      ? {}
      : { policies: [consulKv()], interceptors: { attempt: [tellRoutes(onRouted)] } }),
  });
  const hello = mesh.client(definition, { service: SERVICE });
  const ready = new ReadyNodes(systemClock);
  // All calls of this process are the load's.
  const unsubscribe = [
    events.call.subscribe(({ durationMs, attempts }) => onTried(durationMs, attempts)),
    events.node.subscribe(({ nodeId, state }) => ready.changed(nodeId, state)),
  ];
  return {
    call: (id) =>
      hello.anything({ name: 'xuxu', id }).then(
        () => 'OK',
        (error: unknown) => codeOf(error),
      ),
    connected: (nodeId, limitMs) => ready.wait(nodeId, limitMs),
    close: async () => {
      await mesh.close();
      for (const end of unsubscribe) end();
    },
  };
}

function tellRoutes(onRouted: NonNullable<LoadOptions['onRouted']>): AttemptInterceptor {
  return (next) => (attempt) => {
    const { plan, startedAt } = attempt.call;
    if (attempt.attempt === 1)
      onRouted(plan.way?.policies.version, attempt.nodeId, systemClock.now() - startedAt);
    return next(attempt);
  };
}

function codeOf(error: unknown): string {
  const coded = typeof error === 'object' && error !== null && 'code' in error;
  return coded && typeof error.code === 'number' ? statusName(error.code) : 'UNKNOWN';
}
