import { randomUUID } from 'node:crypto';
import { type Clock, silentLogger } from '@micromesh/core';
import { createMesh } from '@micromesh/mesh';
import { runOpenLoop } from '../scenario/open-loop.js';
import { loadUserDefinition } from './service-definitions.js';

/** Calls to the user service, at a steady rate. */
export interface Traffic {
  close(): Promise<void>;
}

/** Told of each call by its id. */
export interface TrafficListener {
  callStarted(id: string): void;
  callEnded(id: string, ok: boolean): void;
}

/**
 * Starts calls to the user service, which calls hello.
 *
 * @throws DemoServicesMissing outside the repository.
 */
export async function startTraffic(
  registryUrl: string,
  rps: number,
  clock: Clock,
  listener: TrafficListener,
): Promise<Traffic> {
  const definition = await loadUserDefinition();
  const mesh = createMesh({ identity: { service: 'demo' }, registry: registryUrl, logger: silentLogger });
  const user = mesh.client(definition, { service: 'user' });
  const over = new AbortController();
  const call = (id: string) => {
    listener.callStarted(id);
    return user.test({ id }).then(
      () => listener.callEnded(id, true),
      () => {
        // Calls that the end of the demo cuts have not failed.
        if (!over.signal.aborted) listener.callEnded(id, false);
      },
    );
  };
  const loop = runOpenLoop({
    ...{ rps, seconds: Number.POSITIVE_INFINITY, clock, signal: over.signal },
    start: () => void call(randomUUID()),
  });
  return {
    close: async () => {
      over.abort();
      await loop;
      await mesh.close();
    },
  };
}
