import type { CommandLine } from '../command/command-line.js';
import { STORM_DEFAULTS, type StormSetting } from './storm-setting.js';

/** What the command line says. */
export interface StormUsage {
  readonly json: boolean;
  /** Where the plot goes; undefined: nowhere. */
  readonly svg: string | undefined;
  readonly setting: StormSetting;
}

/** What `--help` prints. */
export const STORM_HELP = `Usage: npm run bench:storm -- [options]

A retry storm on a fake clock: callers -> front -> stock, 3 retries at each hop. At 10 s half of stock's workers stand still,
for 10 s. With micromesh's retry budget and chain stop, without either, and with one of them.

  --json           print one JSON object instead of tables
  --svg FILE       write a plot of the runs with both and with neither
  --load PERCENT   new calls as a share of what stock can do; default ${STORM_DEFAULTS.loadRatio * 100}
  --drop           stock drops requests that wait when their caller has gone; a plain server does not
  --seed N         of chance; default ${STORM_DEFAULTS.seed}
  --help

Example:
  $ npm run --silent bench:storm -- --load 60 --json > storm.json

Exit status: 0 done, 1 failed, 2 wrong usage.
`;

/** Reads the command line. @throws ConfigError that says what is wrong with it. */
export function readStormUsage(line: CommandLine): StormUsage {
  const { loadRatio, seed } = STORM_DEFAULTS;
  return {
    json: line.flag('json'),
    svg: line.text('svg'),
    setting: {
      ...STORM_DEFAULTS,
      loadRatio: line.wholeNumber('load', loadRatio * 100, 100) / 100,
      dropsAbandoned: line.flag('drop'),
      seed: line.wholeNumber('seed', seed, 1e9),
    },
  };
}
