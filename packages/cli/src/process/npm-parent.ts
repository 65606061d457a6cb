import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

const SHELLS = /^-?(sh|ash|bash|dash|ksh|zsh)$/;

/**
 * Under npm and npx: tells whether npm has gone. They pass no signal on when they are killed, so somebody has to look. What a
 * shell of the user started outlives it, so without npm there is nothing to look for.
 *
 * @returns undefined where npm did not start this process.
 */
export function npmWatch(env: Readonly<Record<string, string | undefined>>): (() => boolean) | undefined {
  if (env.npm_lifecycle_event === undefined && env.npm_command === undefined) return undefined;
  const parent = process.ppid;
  // npx runs a shell between itself and the command, which outlives it.
  const between = SHELLS.test(describe(parent)?.name ?? '');
  const npm = between ? describe(parent)?.parent : undefined;
  return () => process.ppid !== parent || (npm !== undefined && !isChildOf(parent, npm));
}

function isChildOf(pid: number, parent: number): boolean {
  // A process whose parent dies gets another one, also while the dead one has not been waited for.
  const now = readStat(pid);
  return now === undefined ? isRunning(parent) : now.parent === parent;
}

function describe(pid: number): { readonly name: string; readonly parent: number } | undefined {
  return readStat(pid) ?? askPs(pid);
}

// Linux: `1234 (sh) S 1233 ...`; the name may hold anything.
function readStat(pid: number): { readonly name: string; readonly parent: number } | undefined {
  try {
    const [, name = '', parent = ''] =
      /\((.*)\) \S (\d+)/s.exec(readFileSync(`/proc/${pid}/stat`, 'utf8')) ?? [];
    return { name, parent: Number(parent) };
  } catch {
    return undefined;
  }
}

function askPs(pid: number): { readonly name: string; readonly parent: number } | undefined {
  try {
    const line = execFileSync('ps', ['-o', 'ppid=,comm=', '-p', String(pid)], { encoding: 'utf8' }).trim();
    const [parent = '', path = ''] = line.split(/\s+/, 2);
    return { name: path.slice(path.lastIndexOf('/') + 1), parent: Number(parent) };
  } catch {
    return undefined;
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
