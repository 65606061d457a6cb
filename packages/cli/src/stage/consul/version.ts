import { runCommand } from './run-command.js';

const VERSION_TIMEOUT_MS = 10_000;

/**
 * Asks a Consul binary for its version: `1.8.7`.
 *
 * @throws Error when it does not run, or does not say.
 */
export async function readConsulVersion(binary: string): Promise<string> {
  const output = await runCommand(binary, ['version'], { timeoutMs: VERSION_TIMEOUT_MS });
  const version = /^Consul v(\d+\.\d+\.\d+\S*)/.exec(output)?.[1];
  if (version === undefined) {
    throw new Error(`${binary} version: says ${JSON.stringify(output.slice(0, 80))}, not "Consul v..."`);
  }
  return version;
}

/** Whether a version is `major.minor` or newer. */
export function isAtLeast(version: string, major: number, minor: number): boolean {
  const [ownMajor = 0, ownMinor = 0] = version.split('.').map(Number);
  return ownMajor > major || (ownMajor === major && ownMinor >= minor);
}
