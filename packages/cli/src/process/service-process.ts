import { type ChildProcess, spawn } from 'node:child_process';
import { type Clock, messageOf, systemClock, within } from '@micromesh/core';
import type { Guardian } from '../stage/index.js';
import { LogTail } from './log-tail.js';
import { type Ready, readReady } from './ready-message.js';

/** How a process is started. */
export interface ServiceProcessOptions {
  /** For messages: `hello`. */
  readonly name: string;
  /** The JavaScript file that it runs. */
  readonly entry: string;
  /** Added to this process's environment. */
  readonly env: Readonly<Record<string, string>>;
  /** What starts it in another place than ours: `['ip', 'netns', 'exec', 'a-network']`; default: nothing. */
  readonly launcher?: readonly string[];
  /** Options of Node itself, before the entry; default: none. */
  readonly nodeOptions?: readonly string[];
  /** Given each line that the process prints; default: nobody. */
  readonly onLine?: ((line: string) => void) | undefined;
  /** Given each IPC message but the one that says `ready`; default: nobody. */
  readonly onMessage?: (message: unknown) => void;
}

/** How a process ended. */
export interface ProcessEnd {
  /** null where a signal ended it. */
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/**
 * A service in a process of its own.
 *
 * The process is in a group of its own, so that Ctrl-C in a terminal does not end a registry before the services that want to
 * leave it. It ends with this process: by its IPC channel, else by the guardian.
 */
export class ServiceProcess {
  readonly name: string;
  /** Resolves when the process has ended. */
  readonly ended: Promise<ProcessEnd>;
  /** The node's id and where it listens; empty before it is ready. */
  ready: Ready = { id: '', address: '' };
  #running = true;
  #frozen = false;
  readonly #child: ChildProcess;
  readonly #clock: Clock;
  readonly #tail: LogTail;
  readonly #firstWord: Promise<Ready>;

  constructor(options: ServiceProcessOptions, guardian: Guardian, clock: Clock = systemClock) {
    const { name, entry, env, launcher = [], nodeOptions = [], onLine, onMessage } = options;
    this.name = name;
    this.#clock = clock;
    const [command = process.execPath, ...args] = [...launcher, process.execPath, ...nodeOptions, entry];
    const child = spawn(command, args, {
      env: { ...process.env, ...env },
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    this.#child = child;
    this.#tail = new LogTail(onLine);
    if (child.stdout !== null) this.#tail.read(child.stdout);
    if (child.stderr !== null) this.#tail.read(child.stderr);
    const { pid } = child;
    if (pid !== undefined) guardian.watch(pid);

    let startError: Error | undefined;
    this.ended = new Promise((resolve) => {
      const end = (code: number | null, signal: NodeJS.Signals | null) => {
        this.#running = false;
        if (pid !== undefined) guardian.forget(pid);
        resolve({ code, signal });
      };
      child.once('exit', end);
      child.on('error', (error) => {
        startError = error;
        if (pid === undefined) end(null, null);
      });
    });
    this.#firstWord = new Promise((resolve, reject) => {
      child.on('message', (message) => {
        const ready = readReady(message);
        if (ready === undefined) onMessage?.(message);
        else resolve(ready);
      });
      this.ended.then(
        ({ code, signal }) => reject(startError ?? new Error(`it ended with ${signal ?? `status ${code}`}`)),
        reject,
      );
    });
    // Asked for by `untilReady`; a process that ends later has nobody who asks.
    this.#firstWord.catch(() => {});
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  get running(): boolean {
    return this.#running;
  }

  get frozen(): boolean {
    return this.#frozen && this.#running;
  }

  /**
   * Resolves when the process says that it is ready.
   *
   * @throws Error when it ends early, or is not ready in time and then killed; the message has its last lines.
   */
  async untilReady(limitMs: number): Promise<void> {
    try {
      this.ready = await within(this.#clock, limitMs, this.#firstWord, () => {
        throw new Error(`it is not ready after ${limitMs} ms`);
      });
    } catch (error) {
      this.kill();
      throw new Error(`${this.name} did not start: ${messageOf(error)}${this.#tail.quoted()}`, {
        cause: error,
      });
    }
  }

  /** Sends an IPC message; nothing where the process has ended. */
  tell(message: object): void {
    // It may end before it has read this: then nobody needs it.
    if (this.#running && this.#child.connected) this.#child.send(message, () => {});
  }

  /** kill -9. */
  kill(): void {
    this.#child.kill('SIGKILL');
  }

  /** SIGSTOP: the process stands still, its connections stay open. */
  freeze(): void {
    if (this.#child.kill('SIGSTOP')) this.#frozen = true;
  }

  /** SIGCONT: it goes on where it stood. */
  thaw(): void {
    if (this.#child.kill('SIGCONT')) this.#frozen = false;
  }

  /** SIGTERM, then SIGKILL after `limitMs`; a frozen process is killed at once. Resolves when it has ended. */
  async stop(limitMs: number): Promise<void> {
    if (!this.#running) return;
    this.#child.kill(this.#frozen ? 'SIGKILL' : 'SIGTERM');
    const force = this.#clock.setTimer(limitMs, () => this.kill());
    await this.ended;
    force.cancel();
  }
}
