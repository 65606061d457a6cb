import { randomBytes } from 'node:crypto';
import { chmod, copyFile, mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { messageOf } from '@micromesh/core';
import { downloadWithApt, downloadWithAptFromBullseye } from './apt.js';
import { runCommand } from './run-command.js';
import { readConsulVersion } from './version.js';

const BREW_TIMEOUT_MS = 600_000;
const BREW_FORMULA = 'hashicorp/tap/consul';

/** One way to get a binary: gives its path, which may lie in `folder`, a folder of its own that is removed afterwards. */
interface Way {
  readonly name: string;
  get(folder: string): Promise<string>;
}

const WAYS: readonly Way[] = [
  { name: 'brew', get: installWithBrew },
  { name: 'apt-get download', get: downloadWithApt },
  {
    name: "apt-get download from Debian bullseye, by the machine's own sources",
    get: downloadWithAptFromBullseye,
  },
];

/**
 * Gets a Consul with the machine's own package manager and puts it at `target`. Any number of processes may do so at once: each
 * works in a folder of its own, and the last step is a rename.
 *
 * @returns the version.
 * @throws Error when no way works; the message names each with its cause.
 */
export async function installConsul(
  target: string,
  onProgress: ((line: string) => void) | undefined,
): Promise<string> {
  const causes: string[] = [];
  for (const way of WAYS) {
    onProgress?.(`installing Consul: ${way.name}`);
    const folder = await mkdtemp(join(tmpdir(), 'micromesh-consul-'));
    try {
      const version = await putInPlace(await way.get(folder), target);
      onProgress?.(`installed Consul ${version}: ${target}`);
      return version;
    } catch (error) {
      const cause = `${way.name}: ${messageOf(error)}`;
      onProgress?.(cause);
      causes.push(cause);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }
  throw new Error(
    `Consul could not be installed; get a binary and set MICROMESH_CONSUL_BIN to its path. Tried: ${causes.join('; ')}`,
  );
}

async function putInPlace(binary: string, target: string): Promise<string> {
  await mkdir(dirname(target), { recursive: true });
  const beside = join(dirname(target), `.consul-${randomBytes(6).toString('hex')}`);
  try {
    await copyFile(binary, beside);
    await chmod(beside, 0o755);
    const version = await readConsulVersion(beside);
    await rename(beside, target);
    return version;
  } finally {
    await rm(beside, { force: true });
  }
}

async function installWithBrew(): Promise<string> {
  await runCommand('brew', ['install', '--quiet', BREW_FORMULA], { timeoutMs: BREW_TIMEOUT_MS });
  const prefix = await runCommand('brew', ['--prefix', BREW_FORMULA], { timeoutMs: 30_000 });
  return join(prefix.trim(), 'bin', 'consul');
}
