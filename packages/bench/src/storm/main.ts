import { writeFile } from 'node:fs/promises';
import { PROTECTIONS } from './protection.js';
import { runStorm, type StormRun } from './run-storm.js';
import { stormPlot } from './storm-plot.js';
import { formatStorm } from './storm-report.js';
import { stormResult } from './storm-result.js';
import type { StormSetting } from './storm-setting.js';
import { readStormUsage, STORM_HELP, type StormUsage } from './storm-usage.js';

async function main(args: readonly string[]): Promise<number> {
  const usage = readUsage(args);
  if (typeof usage === 'string') {
    process.stderr.write(`bench:storm: ${usage}; see --help\n`);
    return 2;
  }
  if (usage.help) {
    process.stdout.write(STORM_HELP);
    return 0;
  }
  const { setting, json, svg } = usage;
  const result = stormResult(setting, await runAll(setting));
  if (svg !== undefined) await writeFile(svg, stormPlot(result));
  process.stdout.write(`${json ? JSON.stringify(result) : formatStorm(result)}\n`);
  return 0;
}

async function runAll(setting: StormSetting): Promise<readonly StormRun[]> {
  const all: StormRun[] = [];
  const seconds = setting.durationMs / 1000;
  for (const protection of PROTECTIONS) {
    all.push(
      await runStorm(setting, protection, (passed) => show(`${protection.name} ${passed}/${seconds} s`)),
    );
  }
  show('');
  return all;
}

function show(progress: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\u001b[K${progress}`);
}

function readUsage(args: readonly string[]): StormUsage | string {
  try {
    return readStormUsage(args);
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

main(process.argv.slice(2)).then(
  (status) => {
    process.exitCode = status;
  },
  (error: unknown) => {
    process.stderr.write(`bench:storm: ${error instanceof Error ? error.message : error}\n`);
    process.exitCode = 1;
  },
);
