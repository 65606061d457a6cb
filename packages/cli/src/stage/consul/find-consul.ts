import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { ConfigError, messageOf } from '@micromesh/core';
import { installConsul } from './install-consul.js';
import { readConsulVersion } from './version.js';

/** The variable that names the Consul binary to use. */
export const CONSUL_BIN_VARIABLE = 'MICROMESH_CONSUL_BIN';

/** What to say, with exit status 2, where a Consul is needed and {@link findConsul} has none. */
export const NO_CONSUL_MESSAGE = `no Consul found; run \`npx micromesh consul --install\`, or set ${CONSUL_BIN_VARIABLE}`;

/** A Consul binary that was seen to run. */
export interface FoundConsul {
  /** Absolute, or as the user wrote it. */
  readonly path: string;
  /** `1.8.7` */
  readonly version: string;
}

/** Where {@link findConsul} looks. */
export interface FindConsulOptions {
  /** Read: MICROMESH_CONSUL_BIN, PATH, XDG_CACHE_HOME; pass `process.env`. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Whether to get one with the machine's own package manager where there is none; default false. */
  readonly install?: boolean;
  /** Told what is being tried, one line each. */
  readonly onProgress?: (line: string) => void;
}

/**
 * Finds a Consul binary: MICROMESH_CONSUL_BIN, then `consul` on PATH, then the copy in the user's cache folder, then, when
 * asked, the machine's package manager, whose copy goes to the cache folder.
 *
 * @returns undefined when there is none and `install` is off.
 * @throws ConfigError when MICROMESH_CONSUL_BIN is set and does not run.
 * @throws Error when nothing could be installed; the message says what was tried.
 */
export async function findConsul({
  env,
  install = false,
  onProgress,
}: FindConsulOptions): Promise<FoundConsul | undefined> {
  const named = env[CONSUL_BIN_VARIABLE];
  if (named !== undefined && named !== '') return useNamed(named);

  const cached = cachedConsulPath(env);
  for (const path of [...candidatesOnPath(env), cached]) {
    const found = await tryBinary(path, onProgress);
    if (found !== undefined) return found;
  }
  if (!install) return undefined;
  const version = await installConsul(cached, onProgress);
  return { path: cached, version };
}

/** Where the installed copy lies: `$XDG_CACHE_HOME/micromesh/consul/consul`, or below `~/.cache`. */
export function cachedConsulPath(env: Readonly<Record<string, string | undefined>>): string {
  const home = env.XDG_CACHE_HOME;
  return join(
    home === undefined || home === '' ? join(homedir(), '.cache') : home,
    'micromesh',
    'consul',
    'consul',
  );
}

async function useNamed(path: string): Promise<FoundConsul> {
  try {
    return { path, version: await readConsulVersion(path) };
  } catch (error) {
    throw new ConfigError(
      CONSUL_BIN_VARIABLE,
      path,
      `does not run as Consul (${messageOf(error)})`,
      'give the path of a consul binary, or unset it',
    );
  }
}

function candidatesOnPath(env: Readonly<Record<string, string | undefined>>): string[] {
  const folders = (env.PATH ?? '').split(delimiter).filter((folder) => folder !== '');
  return folders.map((folder) => join(folder, 'consul'));
}

async function tryBinary(
  path: string,
  onProgress: ((line: string) => void) | undefined,
): Promise<FoundConsul | undefined> {
  try {
    await access(path, constants.X_OK);
  } catch {
    return undefined;
  }
  try {
    return { path, version: await readConsulVersion(path) };
  } catch (error) {
    onProgress?.(`passing over ${path}: ${messageOf(error)}`);
    return undefined;
  }
}
