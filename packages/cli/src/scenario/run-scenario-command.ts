import { ConfigError, messageOf, systemClock } from '@micromesh/core';
import { colorsFor } from '../command/colors.js';
import { FAILED, SUCCESS, statusOfStop, WRONG_USAGE } from '../command/exit-status.js';
import type { CommandIo } from '../command/io.js';
import { Crew } from '../process/crew.js';
import { npmWatch } from '../process/npm-parent.js';
import { type StopCause, watchForStop } from '../process/stop-signals.js';
import { clusterStarter, registryStarter } from '../registry/registry-starter.js';
import { ProcessParts } from './process-parts.js';
import { progressTo } from './progress.js';
import { renderReport } from './report.js';
import type { ScenarioOptions, ScenarioResult } from './result.js';
import { runScenario } from './runner.js';
import { shortfalls } from './shortfalls.js';

const STOP_LIMIT_MS = 2_000;

/** How a scenario is reported. */
export interface ScenarioOutputOptions {
  /** One JSON object instead of a table. */
  readonly json: boolean;
  /** Whether the services' logs go to standard error. */
  readonly logs: boolean;
}

/**
 * Runs a scenario with real processes and prints what it found.
 *
 * @returns the exit status, by {@link statusOf}.
 * @throws ConfigError when there is no Consul to start.
 */
export async function runScenarioCommand(
  options: ScenarioOptions,
  { json, logs }: ScenarioOutputOptions,
  io: CommandIo,
): Promise<number> {
  const report = (line: string) => io.stderr.write(`${line}\n`);
  const startRegistry = await (options.scenario === 'leader'
    ? clusterStarter(io.env, report)
    : registryStarter(options.registry, io.env, report));
  const over = new AbortController();
  let stopped: StopCause | undefined;
  const crew = new Crew();
  const stopSignals = watchForStop({
    source: process,
    clock: systemClock,
    parentGone: npmWatch(io.env),
    onStop: (cause) => {
      stopped = cause;
      over.abort(new Error(`ended early by ${cause === 'parent' ? 'the end of npm' : cause}`));
    },
    onForce: () => crew.killServices(),
  });
  const progress = progressTo(io.stderr, options, systemClock);
  const parts = new ProcessParts(crew, startRegistry, logs ? report : undefined);
  try {
    const result = await runScenario(options, {
      ...{ parts, progress, clock: systemClock, folder: crew.folder, signal: over.signal },
    });
    progress.clear();
    io.stdout.write(
      json ? `${JSON.stringify(result)}\n` : renderReport(result, colorsFor(io.stdout, io.env)),
    );
    return statusOf(result);
  } catch (error) {
    progress.clear();
    io.stderr.write(`micromesh demo: ${messageOf(error)}\n`);
    if (stopped !== undefined) return statusOfStop(stopped);
    return error instanceof ConfigError ? WRONG_USAGE : FAILED;
  } finally {
    over.abort(new Error('the run is over'));
    await parts.close(STOP_LIMIT_MS);
    crew.close();
    stopSignals.close();
  }
}

/**
 * 0 only if no call failed and none was executed twice; the registry has to have its nodes back, too. Where calls are expected to fail: only
 * if as many succeeded as expected.
 */
export function statusOf(result: ScenarioResult): number {
  return shortfalls(result).length === 0 ? SUCCESS : FAILED;
}
