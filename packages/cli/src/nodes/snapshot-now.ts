import type { ServiceKey, Snapshot } from '@micromesh/core';
import { type Registry, RegistryError } from '@micromesh/registry';

/** How long the registry may take for one answer. */
const ANSWER_WITHIN_MS = 5_000;

/**
 * What the registry knows of a service now.
 *
 * @throws RegistryError when it does not answer.
 */
export async function snapshotNow(registry: Registry, service: ServiceKey): Promise<Snapshot> {
  const watch = registry.watch(service);
  let giveUp: NodeJS.Timeout | undefined;
  try {
    return await new Promise((resolve, reject) => {
      const look = () => {
        const { state } = watch;
        if (state.kind !== 'unknown') resolve(state.snapshot);
        else if (state.error !== undefined) reject(new RegistryError(state.error));
      };
      giveUp = setTimeout(
        () =>
          reject(new RegistryError(`${registry.description} does not answer within ${ANSWER_WITHIN_MS} ms`)),
        ANSWER_WITHIN_MS,
      );
      watch.subscribe(look);
      look();
    });
  } finally {
    clearTimeout(giveUp);
    watch.close();
  }
}
