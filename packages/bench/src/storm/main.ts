import { writeFile } from 'node:fs/promises';
import { runCommand } from '../command/run-command.js';
import { PROTECTIONS } from './protection.js';
import { runStorm, type StormRun } from './run-storm.js';
import { stormPlot } from './storm-plot.js';
import { formatStorm } from './storm-report.js';
import { stormResult } from './storm-result.js';
import type { StormSetting } from './storm-setting.js';
import { readStormUsage, STORM_HELP, type StormUsage } from './storm-usage.js';

async function run({ setting, json, svg }: StormUsage): Promise<number> {
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

void runCommand({ name: 'bench:storm', help: STORM_HELP, read: readStormUsage, run });
