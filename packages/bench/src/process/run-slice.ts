import type { BenchClient } from '../client/bench-client.js';
import { percentile } from '../statistics.js';
import type { Slice } from './messages.js';

/**
 * Makes calls for `ms`, `concurrency` at once, each lane its next one when it has the reply to the last. Counted is
 * everything up to the last reply.
 *
 * @throws what the first call that failed threw: a failed call costs something else.
 */
export async function runSlice(client: BenchClient, ms: number, concurrency: number): Promise<Slice> {
  const latencies: number[] = [];
  const cpuBefore = process.cpuUsage();
  const startedAt = performance.now();
  const endAt = startedAt + ms;
  const lane = async () => {
    let now = performance.now();
    while (now < endAt) {
      const calledAt = now;
      await client.call();
      now = performance.now();
      latencies.push(now - calledAt);
    }
  };
  await Promise.all(Array.from({ length: concurrency }, lane));
  const elapsedMs = performance.now() - startedAt;
  const { user, system } = process.cpuUsage(cpuBefore);
  latencies.sort((a, b) => a - b);
  return {
    calls: latencies.length,
    elapsedMs,
    cpuMs: (user + system) / 1000,
    p50Ms: percentile(latencies, 0.5),
    p99Ms: percentile(latencies, 0.99),
  };
}
