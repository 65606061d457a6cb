import { randomUUID } from 'node:crypto';
import { type Clock, silentLogger } from '@micromesh/core';
import { createMesh } from '@micromesh/mesh';
import { runOpenLoop } from '../scenario/open-loop.js';
import { loadUserDefinition } from './service-definitions.js';

/** Calls to the user service, at a steady rate. */
export interface Traffic {
  close(): Promise<void>;
}

/**
 * Starts calls to the user service, which calls hello.
 *
 * @param onEnd - told of each call whether it succeeded.
 * @throws DemoServicesMissing outside the repository.
 */
export async function startTraffic(
  registryUrl: string,
  rps: number,
  clock: Clock,
  onEnd: (ok: boolean) => void,
): Promise<Traffic> {
  const definition = await loadUserDefinition();
  const mesh = createMesh({ identity: { service: 'demo' }, registry: registryUrl, logger: silentLogger });
  const user = mesh.client(definition, { service: 'user' });
  const over = new AbortController();
  const call = () =>
    user.test({ id: randomUUID() }).then(
      () => onEnd(true),
      () => {
        // Calls that the end of the demo cuts have not failed.
        if (!over.signal.aborted) onEnd(false);
      },
    );
  const loop = runOpenLoop({
    ...{ rps, seconds: Number.POSITIVE_INFINITY, clock, signal: over.signal },
    start: () => void call(),
  });
  return {
    close: async () => {
      over.abort();
      await loop;
      await mesh.close();
    },
  };
}
