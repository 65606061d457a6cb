import { fork } from 'node:child_process';
import { once } from 'node:events';
import type { Pair, PairOptions, PairReport } from './pair.js';
import type { RouteContender } from './route-contenders.js';

/** What a run is made of. */
export interface RoutesOptions extends PairOptions {
  /** How often the processes are started anew: compiled code and memory fall differently each time. */
  readonly starts: number;
}

/** Some minute and a half. */
export const ROUTES_DEFAULTS: RoutesOptions = { starts: 4, pairs: 200, sliceMs: 10, warmUpCalls: 30_000 };

const PROGRAM = new URL('./pairs-main.js', import.meta.url);

/**
 * Calls in memory end within the collector's turn that they began in, but for the few that the transport keeps. From those V8 may conclude
 * that what calls are made of lives long, and make it old from its birth: then half of all garbage waits for the great collections, in
 * some processes and not in others, with policies and without.
 */
const V8_FLAGS = ['--no-allocation-site-pretenuring'];

/** The pairs of all starts, by the contender's id. */
export type Pairs = ReadonlyMap<string, readonly Pair[]>;

/**
 * Measures each set of policies beside none, in a process of its own with both, one process at a time.
 *
 * @param onProgress - hears which share of the run is done.
 * @throws Error when a process fails.
 */
export async function runRoutes(
  contenders: readonly RouteContender[],
  options: RoutesOptions,
  onProgress: (done: number) => void,
): Promise<Pairs> {
  const all = new Map<string, Pair[]>(contenders.map(({ id }) => [id, []]));
  const total = options.starts * contenders.length;
  let done = 0;
  for (let start = 0; start < options.starts; start++) {
    for (const { id } of contenders) {
      all.get(id)?.push(...(await pairsOf(id, options)));
      onProgress(++done / total);
    }
  }
  return all;
}

async function pairsOf(id: string, { pairs, sliceMs, warmUpCalls }: PairOptions): Promise<readonly Pair[]> {
  const child = fork(PROGRAM, [id, String(pairs), String(sliceMs), String(warmUpCalls)], {
    stdio: ['ignore', 2, 2, 'ipc'],
    execArgv: V8_FLAGS,
  });
  try {
    const over = once(child, 'exit').then(([code]) => {
      throw new Error(`${id}: ended with status ${code}`);
    });
    const report = await Promise.race([once(child, 'message'), over]).then(([said]: PairReport[]) => said);
    if (report?.type === 'pairs') return report.pairs;
    throw new Error(`${id}: ${report?.error ?? 'said nothing'}`);
  } finally {
    child.kill('SIGKILL');
  }
}
