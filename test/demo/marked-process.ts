import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { SteadyClock } from '../machine/steady-clock.js';

/** The repository. */
export const ROOT = fileURLToPath(new URL('../..', import.meta.url));

const POLL_MS = 50;
const MARK = 'MICROMESH_TEST_MARK';

/** Resolves when the condition holds; rejects with what it says after `limitMs` in which the machine ran. */
export async function until(
  what: () => string,
  condition: () => boolean | Promise<boolean>,
  limitMs: number,
): Promise<void> {
  const clock = new SteadyClock();
  try {
    while (!(await condition())) {
      if (clock.now() > limitMs) throw new Error(`after ${limitMs} ms: ${what()}`);
      await sleep(POLL_MS);
    }
  } finally {
    clock.end();
  }
}

/** A process and all that comes of it: they carry a mark in their environment, so that what is left can be found. */
export class MarkedProcess {
  readonly #mark = randomUUID();
  readonly child: ChildProcess;
  stdout = '';
  stderr = '';
  /** The exit status; undefined while it runs, -1 after a signal. */
  status: number | undefined;

  constructor(command: string, args: readonly string[], env: Readonly<Record<string, string>> = {}) {
    // vitest's own variables would make a child of npm believe what is not so.
    const {
      npm_lifecycle_event: _event,
      npm_command: _command,
      NODE_OPTIONS: _options,
      ...own
    } = process.env;
    this.child = spawn(command, args, { cwd: ROOT, env: { ...own, ...env, [MARK]: this.#mark } });
    this.child.stdout?.on('data', (data: Buffer) => {
      this.stdout += data.toString();
    });
    this.child.stderr?.on('data', (data: Buffer) => {
      this.stderr += data.toString();
    });
    // `exit`, not `close`: a killed npm leaves its output to the demo.
    this.child.once('exit', (code) => {
      this.status = code ?? -1;
    });
  }

  /** Waits for a text on either output. */
  untilOutput(pattern: RegExp, limitMs = 60_000): Promise<void> {
    const what = () => `no ${pattern} in:\n${this.stdout}${this.stderr}`;
    return until(what, () => pattern.test(this.stdout + this.stderr), limitMs);
  }

  /** Waits until `count` processes carry the mark. */
  untilProcesses(count: number): Promise<void> {
    return until(
      () => JSON.stringify(this.left()),
      () => this.left().length >= count,
      60_000,
    );
  }

  /** Writes to its standard input. */
  type(keys: string): void {
    this.child.stdin?.write(keys);
  }

  async untilEnded(limitMs: number): Promise<number> {
    await until(
      () => `runs still:\n${this.stdout}${this.stderr}`,
      () => this.status !== undefined,
      limitMs,
    );
    return this.status ?? -1;
  }

  /** All running processes that carry the mark: pid and command line. */
  left(): { readonly pid: number; readonly command: string }[] {
    return readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .flatMap((name) => {
        // Empty of a process that has ended and was not waited for.
        const marked = readProc(name, 'environ').split('\0').includes(`${MARK}=${this.#mark}`);
        return marked
          ? [{ pid: Number(name), command: readProc(name, 'cmdline').replaceAll('\0', ' ') }]
          : [];
      });
  }

  untilNoneLeft(limitMs: number): Promise<void> {
    const what = () => `left: ${JSON.stringify(this.left(), null, 2)}\n${this.stdout}${this.stderr}`;
    return until(what, () => this.left().length === 0, limitMs);
  }

  /** The process that runs the command itself, below npm and shells. */
  get demoPid(): number {
    const found = this.left().filter(({ command }) => /^\S*node \S*micromesh(\.js)? demo/.test(command));
    if (found.length !== 1) throw new Error(`${found.length} demos: ${JSON.stringify(this.left())}`);
    return found[0]?.pid ?? 0;
  }

  /** The temporary folder of the demo, from what its nodes have open. */
  get demoFolder(): string {
    for (const { pid } of this.left()) {
      for (const name of listFolder(`/proc/${pid}/fd`)) {
        const match = /^(.*\/micromesh-demo-[^/]+)\/effects/.exec(readLink(`/proc/${pid}/fd/${name}`));
        if (match?.[1] !== undefined) return match[1];
      }
    }
    throw new Error('no process has an effects file open');
  }

  /** SIGKILL to all that is left, for the end of a test that has failed. */
  destroy(): void {
    for (const { pid } of this.left()) process.kill(pid, 'SIGKILL');
  }
}

function readProc(pid: string, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8');
  } catch {
    return '';
  }
}

function listFolder(path: string): string[] {
  try {
    return readdirSync(path);
  } catch {
    return [];
  }
}

function readLink(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return '';
  }
}
