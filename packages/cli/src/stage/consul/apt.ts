import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { bullseyeSources } from './bullseye-sources.js';
import { runCommand } from './run-command.js';

const APT_FOLDER = '/etc/apt';
const UPDATE_TIMEOUT_MS = 120_000;
const DOWNLOAD_TIMEOUT_MS = 300_000;

/**
 * Downloads the `consul` package of the machine's own release into `folder` and unpacks it there; nothing is installed.
 *
 * @returns the path of the binary.
 */
export function downloadWithApt(folder: string): Promise<string> {
  return download(folder, []);
}

/**
 * As {@link downloadWithApt}, from Debian bullseye, the last release that has a `consul`: by the machine's own mirrors and keys, with
 * package lists of its own, so that the system stays as it is.
 */
export async function downloadWithAptFromBullseye(folder: string): Promise<string> {
  const sources = bullseyeSources(await readSources());
  if (sources === undefined) throw new Error(`no Debian mirror is named in ${APT_FOLDER}`);
  const lists = join(folder, 'lists');
  const cache = join(folder, 'cache');
  const sourceList = join(folder, 'bullseye.sources');
  await mkdir(join(lists, 'partial'), { recursive: true });
  await mkdir(join(cache, 'archives', 'partial'), { recursive: true });
  await writeFile(sourceList, sources);
  const options = [
    `Dir::Etc::sourcelist=${sourceList}`,
    'Dir::Etc::sourceparts=/dev/null',
    `Dir::State::Lists=${lists}`,
    `Dir::Cache=${cache}`,
    // apt's own user cannot read a private folder; it then says so and goes on as the caller.
    'APT::Sandbox::User=',
  ].flatMap((option) => ['-o', option]);
  await runCommand('apt-get', [...options, 'update', '-qq'], { timeoutMs: UPDATE_TIMEOUT_MS });
  return download(folder, options);
}

async function download(folder: string, options: readonly string[]): Promise<string> {
  await runCommand('apt-get', [...options, 'download', '-qq', 'consul'], {
    cwd: folder,
    timeoutMs: DOWNLOAD_TIMEOUT_MS,
  });
  const archive = (await readdir(folder)).find((name) => name.endsWith('.deb'));
  if (archive === undefined) throw new Error('apt-get download left no package');
  const root = join(folder, 'root');
  await runCommand('dpkg-deb', ['-x', join(folder, archive), root], { timeoutMs: UPDATE_TIMEOUT_MS });
  return join(root, 'usr', 'bin', 'consul');
}

async function readSources(): Promise<string[]> {
  const parts = join(APT_FOLDER, 'sources.list.d');
  const names = (await listFolder(parts)).filter((name) => /\.(sources|list)$/.test(name));
  const files = [join(APT_FOLDER, 'sources.list'), ...names.map((name) => join(parts, name))];
  const texts = await Promise.all(files.map((file) => readFile(file, 'utf8').catch(emptyWhereMissing)));
  return texts;
}

function listFolder(folder: string): Promise<string[]> {
  return readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
}

function emptyWhereMissing(error: NodeJS.ErrnoException): string {
  if (error.code === 'ENOENT') return '';
  throw error;
}
