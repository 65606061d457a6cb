import { setTimeout as sleep } from 'node:timers/promises';

/** Waits for a condition, and says which one did not come. */
export async function until(condition: () => boolean, what: string, withinMs = 30_000): Promise<void> {
  const endsAt = performance.now() + withinMs;
  while (!condition()) {
    if (performance.now() > endsAt) throw new Error(`${what}: not within ${withinMs} ms`);
    await sleep(5);
  }
}
