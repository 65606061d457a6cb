import type { BenchOptions } from './bench-options.js';
import type { Contender } from './contenders.js';
import type { Slice } from './process/messages.js';
import type { Slices } from './run-bench.js';
import { type Estimate, estimateMedian, median } from './statistics.js';

/** One client's figures: medians over the slices. */
export interface ClientResult {
  readonly id: string;
  readonly name: string;
  readonly calls: number;
  readonly callsPerSecond: number;
  /** Client CPU a call, in microseconds: all threads, user and system. */
  readonly cpuUs: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Client CPU a call over that of the baseline in the same round: median and 95 % interval. */
  readonly cpuRatio: Estimate;
  /** The most that it may be. */
  readonly maxCpuRatio?: number;
  /** Whether it is; true where nothing is asked. */
  readonly ok: boolean;
}

/** What a run came to. */
export interface BenchResult {
  readonly node: string;
  readonly options: BenchOptions;
  readonly clients: readonly ClientResult[];
  readonly ok: boolean;
}

/** Sums up a run; the first contender is the one that the others are compared with. */
export function summarise(
  contenders: readonly Contender[],
  slices: Slices,
  options: BenchOptions,
): BenchResult {
  const baseline = (slices.get(contenders[0]?.id ?? '') ?? []).map(cpuUs);
  const clients = contenders.map((contender) =>
    clientResult(contender, slices.get(contender.id) ?? [], baseline),
  );
  return { node: process.version, options, clients, ok: clients.every(({ ok }) => ok) };
}

function clientResult(
  { id, name, maxCpuRatio }: Contender,
  slices: readonly Slice[],
  baselineUs: readonly number[],
): ClientResult {
  const cpuRatio = estimateMedian(
    slices.map((slice, round) => cpuUs(slice) / (baselineUs[round] ?? Number.NaN)),
  );
  return {
    id,
    name,
    calls: slices.reduce((sum, { calls }) => sum + calls, 0),
    callsPerSecond: median(slices.map(({ calls, elapsedMs }) => (calls / elapsedMs) * 1000)),
    cpuUs: median(slices.map(cpuUs)),
    p50Ms: median(slices.map(({ p50Ms }) => p50Ms)),
    p99Ms: median(slices.map(({ p99Ms }) => p99Ms)),
    cpuRatio,
    ...(maxCpuRatio === undefined ? {} : { maxCpuRatio }),
    ok: maxCpuRatio === undefined || cpuRatio.median <= maxCpuRatio,
  };
}

function cpuUs({ cpuMs, calls }: Slice): number {
  return (cpuMs * 1000) / calls;
}
