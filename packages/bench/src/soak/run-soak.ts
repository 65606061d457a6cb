import { HelloService } from '@micromesh/service-hello';
import { createMesh } from 'micromesh';
import { type Footprint, type Growth, growthOf, takeFootprint } from './footprint.js';
import { NodeFleet } from './node-fleet.js';
import type { SoakOptions } from './soak-options.js';
import { soakProblems } from './verdict.js';

/** What a soak came to. */
export interface SoakResult {
  readonly calls: number;
  readonly failed: number;
  /** Errors by their message, at most ten kinds. */
  readonly errors: Readonly<Record<string, number>>;
  readonly kills: number;
  readonly seconds: number;
  readonly heapMiB: Growth;
  readonly rssMiB: Growth;
  readonly handles: Growth;
  /** What is wrong with it, in words; empty: nothing. */
  readonly problems: readonly string[];
  readonly samples: readonly Footprint[];
}

const MAX_KINDS = 10;

/**
 * Makes calls without a pause while nodes are killed -9 and replaced all the while, and watches memory and handles.
 *
 * @param onSample - hears of each sample as it is taken.
 */
export async function runSoak(
  options: SoakOptions,
  onSample: (sample: Footprint, failed: number) => void,
): Promise<SoakResult> {
  const fleet = new NodeFleet();
  const mesh = createMesh({ registry: 'embedded' });
  const startedAt = performance.now();
  const errors: Record<string, number> = {};
  const samples: Footprint[] = [];
  let begun = 0;
  let ended = 0;
  let failed = 0;
  let over = false;

  const lane = async (hello: ReturnType<typeof mesh.client<typeof HelloService>>) => {
    while (begun < options.calls && !over) {
      begun++;
      try {
        await hello.anything({ name: 'soak', id: '' });
      } catch (error) {
        failed++;
        const words = String(error).replaceAll(/[\w-]*\d[\w.:-]*/g, '#');
        if (words in errors || Object.keys(errors).length < MAX_KINDS)
          errors[words] = (errors[words] ?? 0) + 1;
      }
      ended++;
    }
  };
  const sample = () => {
    const taken = takeFootprint(performance.now() - startedAt, ended);
    samples.push(taken);
    onSample(taken, failed);
  };
  const killing = async () => {
    while (!over) {
      await new Promise((resolve) => setTimeout(resolve, options.killEveryMs));
      if (!over) await fleet.replaceOne();
    }
  };

  try {
    await fleet.start(options.nodes);
    const hello = mesh.client(HelloService, { service: 'hello' });
    await hello.anything({ name: 'first', id: '' }, { waitForReady: true });
    const sampling = setInterval(sample, options.sampleEveryMs);
    const killer = killing().finally(() => {
      // Without kills it is no soak: the calls end, and why is told.
      over = true;
    });
    killer.catch(() => {});
    await Promise.all(Array.from({ length: options.concurrency }, () => lane(hello)));
    over = true;
    clearInterval(sampling);
    await killer;
  } finally {
    over = true;
    await fleet.stop();
    await mesh.close();
  }
  const heapMiB = growthOf(samples, 'heapMiB');
  const handles = growthOf(samples, 'handles');
  const { kills } = fleet;
  return {
    calls: ended,
    failed,
    errors,
    kills,
    seconds: Math.round(performance.now() - startedAt) / 1000,
    heapMiB,
    rssMiB: growthOf(samples, 'rssMiB'),
    handles,
    problems: soakProblems({ calls: ended, failed, kills, heapMiB, handles }, options.calls),
    samples,
  };
}
