import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Guardian } from '@micromesh/cli/stage';
import type { Report } from '../process/messages.js';

const HEAR_LIMIT_MS = 30_000;
const LAST_WORDS = 2_000;

/** A process of a stage, in a group of its own; it ends with this one, killed too. */
export class Part {
  /** Resolves when the process has ended. */
  readonly ended: Promise<void>;
  readonly #name: string;
  readonly #child: ChildProcess;
  #running = true;
  #lastWords = '';

  /**
   * @param file - beside the `process` folder's files, e.g. `node-main.js`.
   * @param launcher - what starts it in another network than ours; default: nothing.
   */
  constructor(file: string, args: readonly string[], guardian: Guardian, launcher: readonly string[] = []) {
    this.#name = [file, ...args].join(' ');
    const entry = fileURLToPath(new URL(`../process/${file}`, import.meta.url));
    const [command = '', ...rest] = [...launcher, process.execPath, entry, ...args];
    // A group of its own: in a terminal Ctrl-C is for the bench, which ends its parts in order.
    this.#child = spawn(command, rest, { detached: true, stdio: ['ignore', 'ignore', 'pipe', 'ipc'] });
    this.#child.stderr?.on('data', (chunk: Buffer) => {
      this.#lastWords = (this.#lastWords + chunk.toString()).slice(-LAST_WORDS);
    });
    const { pid } = this.#child;
    if (pid !== undefined) guardian.watch(pid);
    this.ended = new Promise((resolve) => {
      const end = () => {
        this.#running = false;
        if (pid !== undefined) guardian.forget(pid);
        resolve();
      };
      this.#child.once('exit', end);
      this.#child.once('error', end);
    });
  }

  get running(): boolean {
    return this.#running;
  }

  /** Sends a signal; nothing where the process has ended. */
  signal(signal: NodeJS.Signals): void {
    if (this.#running) this.#child.kill(signal);
  }

  /** Asks the process for something; nothing where it has ended. */
  ask(request: object): void {
    if (this.#running && this.#child.connected) this.#child.send(request, () => {});
  }

  /** kill -9; resolves when it is gone. */
  async end(): Promise<void> {
    this.signal('SIGKILL');
    await this.ended;
  }

  /** The next report; @throws Error when it is another, or none within the limit, or the process has ended. */
  hear<T extends Report['type']>(type: T, limitMs = HEAR_LIMIT_MS): Promise<Extract<Report, { type: T }>> {
    const child = this.#child;
    return new Promise((resolve, reject) => {
      const settle = (act: () => void) => {
        clearTimeout(timer);
        child.off('message', onMessage);
        act();
      };
      const fail = (what: string) =>
        settle(() => reject(new Error(`${this.#name}: ${what}\n${this.#lastWords}`.trim())));
      const onMessage = (report: Report) => {
        if (isOf(report, type)) settle(() => resolve(report));
        else fail(report.type === 'failed' ? report.error : `said ${report.type} instead of ${type}`);
      };
      const timer = setTimeout(() => fail(`did not say ${type} within ${limitMs} ms`), limitMs);
      child.on('message', onMessage);
      void this.ended.then(() => fail('ended early'));
    });
  }
}

function isOf<T extends Report['type']>(report: Report, type: T): report is Extract<Report, { type: T }> {
  return report.type === type;
}
