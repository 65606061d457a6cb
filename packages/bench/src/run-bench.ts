import type { BenchOptions } from './bench-options.js';
import type { Contender } from './contenders.js';
import { Child } from './process/child.js';
import type { Slice } from './process/messages.js';

/** The slices of a run, by the client's id; equal indices are of one round. */
export type Slices = ReadonlyMap<string, readonly Slice[]>;

/**
 * Measures the clients against the same nodes, slice by slice in turn, so that what the machine does meanwhile falls
 * on all of them. Each is alone in a process of its own: no client pays for another's garbage, timers or for code that
 * was compiled for several. Clients of one start run side by side, but only one at a time does anything.
 *
 * @param onProgress - hears which share of the run is done.
 */
export async function runBench(
  contenders: readonly Contender[],
  options: BenchOptions,
  onProgress: (done: number) => void = () => {},
): Promise<Slices> {
  const slices = new Map<string, Slice[]>(contenders.map(({ id }) => [id, []]));
  const server = await Child.serving(options.nodes);
  try {
    for (let start = 0; start < options.starts; start++) {
      await runStart(contenders, server.addresses, options, slices, (done) =>
        onProgress((start + done) / options.starts),
      );
    }
  } finally {
    await server.child.stop();
  }
  return slices;
}

async function runStart(
  contenders: readonly Contender[],
  addresses: readonly string[],
  { concurrency, rounds, sliceMs, warmUpMs }: BenchOptions,
  slices: ReadonlyMap<string, Slice[]>,
  onProgress: (done: number) => void,
): Promise<void> {
  const clients: { readonly id: string; readonly child: Child }[] = [];
  try {
    for (const { id } of contenders) clients.push({ id, child: await Child.client(id, addresses) });
    for (const { child } of clients) await child.run(warmUpMs, concurrency);
    for (let round = 0; round < rounds; round++) {
      for (const { id, child } of rotated(clients, round)) {
        slices.get(id)?.push(await child.run(sliceMs, concurrency));
      }
      onProgress((round + 1) / rounds);
    }
  } finally {
    await Promise.all(clients.map(({ child }) => child.stop()));
  }
}

/** The same items in the same order, begun at another one. */
function rotated<T>(items: readonly T[], by: number): readonly T[] {
  const first = by % items.length;
  return [...items.slice(first), ...items.slice(0, first)];
}
