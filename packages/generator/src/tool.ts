import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { GenerateError } from './generate-error.js';

// Generation takes under a second; a tool that hangs must not hang the build.
const TOOL_TIMEOUT_MS = 120_000;

/** What a tool wrote, and how it ended. */
export interface ToolOutput {
  readonly exitCode: number | null;
  readonly stdout: Buffer;
  readonly stderr: string;
}

/** The folder that an installed package is in. */
export function packageFolder(packageName: string): string {
  return dirname(createRequire(import.meta.url).resolve(`${packageName}/package.json`));
}

/**
 * Runs the command of an npm package with this Node, and gives it `input`.
 *
 * @throws GenerateError when it cannot be started, or takes over two minutes.
 */
export async function runTool(
  packageName: string,
  command: string,
  args: readonly string[],
  input?: Uint8Array,
): Promise<ToolOutput> {
  const child = spawn(process.execPath, [commandPath(packageName, command), ...args], {
    stdio: 'pipe',
    timeout: TOOL_TIMEOUT_MS,
    killSignal: 'SIGKILL',
    windowsHide: true,
  });
  const stdout: Buffer[] = [];
  const stderr: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => stdout.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => stderr.push(chunk));
  // A tool that fails early closes its input; its exit status tells more than EPIPE.
  child.stdin.on('error', () => {});
  child.stdin.end(input);
  const { exitCode, signal } = await new Promise<{ exitCode: number | null; signal: string | null }>(
    (settle, reject) => {
      child.once('error', reject);
      child.once('close', (code, killedBy) => settle({ exitCode: code, signal: killedBy }));
    },
  );
  if (signal !== null) throw new GenerateError([{ message: `${command} was ended by ${signal}` }]);
  return { exitCode, stdout: Buffer.concat(stdout), stderr: Buffer.concat(stderr).toString('utf8').trim() };
}

function commandPath(packageName: string, command: string): string {
  const folder = packageFolder(packageName);
  const manifest: { bin?: Record<string, string> } = JSON.parse(
    readFileSync(join(folder, 'package.json'), 'utf8'),
  );
  const path = manifest.bin?.[command];
  if (path === undefined)
    throw new GenerateError([{ message: `the package ${packageName} has no command ${command}` }]);
  return join(folder, path);
}
