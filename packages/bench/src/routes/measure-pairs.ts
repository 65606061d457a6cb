import type { BenchClient } from '../client/bench-client.js';
import { runSlice } from '../process/run-slice.js';
import type { Pair, PairOptions } from './pair.js';

const CONCURRENCY = 16;

/** Makes calls with one client and the other in short slices by turns, so that what the machine does meanwhile falls on both. */
export async function measurePairs(
  without: BenchClient,
  withPolicies: BenchClient,
  { pairs, sliceMs, warmUpCalls }: PairOptions,
): Promise<readonly Pair[]> {
  // By turns as well: code that was compiled for one alone would be compiled anew for the other.
  for (let made = 0; made < warmUpCalls; made += CONCURRENCY) {
    for (const client of [without, withPolicies]) {
      await Promise.all(Array.from({ length: CONCURRENCY }, () => client.call()));
    }
    await turnOfTheLoop();
  }
  const measured: Pair[] = [];
  while (measured.length < pairs) {
    const isSwapped = measured.length % 2 === 1;
    const first = await cpuUs(isSwapped ? withPolicies : without, sliceMs);
    const second = await cpuUs(isSwapped ? without : withPolicies, sliceMs);
    measured.push(isSwapped ? { withoutUs: second, withUs: first } : { withoutUs: first, withUs: second });
  }
  return measured;
}

async function cpuUs(client: BenchClient, sliceMs: number): Promise<number> {
  await turnOfTheLoop();
  const { cpuMs, calls } = await runSlice(client, sliceMs, CONCURRENCY);
  return (cpuMs * 1000) / calls;
}

/** Calls in memory leave the event loop no turn: its timers, and what the compiler has done beside it, wait. */
function turnOfTheLoop(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
