import type { StormRun } from './run-storm.js';
import { capacityPerSecond, type StormSetting } from './storm-setting.js';

/** A storm, under each protection: what `--json` prints. */
export interface StormResult {
  readonly setting: StormSetting;
  /** Requests a second that stock can do with all workers. */
  readonly capacityPerSecond: number;
  readonly runs: readonly StormRun[];
}

/** Puts the runs of one setting together. */
export function stormResult(setting: StormSetting, runs: readonly StormRun[]): StormResult {
  return { setting, capacityPerSecond: capacityPerSecond(setting), runs };
}

/** The run under a protection. @throws Error when there is none. */
export function runNamed({ runs }: StormResult, name: string): StormRun {
  const run = runs.find(({ protection }) => protection.name === name);
  if (run === undefined) throw new Error(`no run is named ${name}`);
  return run;
}
