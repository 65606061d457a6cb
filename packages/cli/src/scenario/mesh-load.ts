import { events, silentLogger, statusName, systemClock } from '@micromesh/core';
import { createMesh, type MeshDefaults } from '@micromesh/mesh';
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
  const { registryUrl, retries, maxConcurrentRetries, onTried } = options;
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

function codeOf(error: unknown): string {
  const coded = typeof error === 'object' && error !== null && 'code' in error;
  return coded && typeof error.code === 'number' ? statusName(error.code) : 'UNKNOWN';
}
