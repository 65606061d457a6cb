import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import type { Report, Slice, SliceRequest } from './messages.js';

/** A process of the bench; it ends with this one, killed too. */
export class Child {
  readonly #process: ChildProcess;
  readonly #name: string;

  private constructor(file: string, args: readonly string[]) {
    this.#name = [file, ...args].join(' ');
    this.#process = fork(new URL(file, import.meta.url), args, { stdio: ['ignore', 2, 2, 'ipc'] });
  }

  /** Starts nodes in one process, and gives their addresses. */
  static async serving(nodes: number): Promise<{ child: Child; addresses: readonly string[] }> {
    const child = new Child('./server-main.js', [String(nodes)]);
    const { addresses } = await child.#hear('serving');
    return { child, addresses };
  }

  /** Starts a client, alone in its process. */
  static async client(id: string, addresses: readonly string[]): Promise<Child> {
    const child = new Child('./client-main.js', [id, ...addresses]);
    await child.#hear('ready');
    return child;
  }

  /** Has a client make calls for `ms`. */
  async run(ms: number, concurrency: number): Promise<Slice> {
    const request: SliceRequest = { type: 'run', ms, concurrency };
    const heard = this.#hear('slice');
    this.#process.send(request);
    return (await heard).slice;
  }

  /** Ends the process. */
  async stop(): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    const exited = once(this.#process, 'exit');
    this.#process.kill('SIGKILL');
    await exited;
  }

  /** The next report; @throws Error when it is another, or none within 30 s, or the process has ended. */
  #hear<T extends Report['type']>(type: T): Promise<Extract<Report, { type: T }>> {
    const child = this.#process;
    return new Promise((resolve, reject) => {
      const settle = (act: () => void) => {
        clearTimeout(timer);
        child.off('message', onMessage);
        child.off('exit', onExit);
        act();
      };
      const fail = (what: string) => settle(() => reject(new Error(`${this.#name}: ${what}`)));
      const onMessage = (report: Report) => {
        if (isOf(report, type)) settle(() => resolve(report));
        else fail(report.type === 'failed' ? report.error : `said ${report.type} instead of ${type}`);
      };
      const onExit = (status: number | null) => fail(`ended with status ${status}`);
      const timer = setTimeout(() => fail(`did not say ${type} within 30 s`), 30_000);
      child.on('message', onMessage);
      child.once('exit', onExit);
    });
  }
}

function isOf<T extends Report['type']>(report: Report, type: T): report is Extract<Report, { type: T }> {
  return report.type === type;
}
