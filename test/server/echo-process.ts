import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { until } from './harness.js';

interface Report {
  readonly address?: string;
  readonly started?: string;
  readonly effect?: string;
  /** Requests of a stream that ended with an error. */
  readonly broken?: string;
  /** When the effect was, ms since 1970. */
  readonly at?: number;
  readonly deregistered?: string;
  readonly afterSignal?: boolean;
  readonly level?: string;
  readonly message?: string;
  readonly fields?: Record<string, unknown>;
}

/** A server in a process of its own, with all that it has reported. */
export class EchoProcess {
  readonly reports: Report[] = [];
  readonly #child: ChildProcess;
  exit: { code: number | null; signal: NodeJS.Signals | null } | undefined;

  private constructor(env: Record<string, string>) {
    const path = fileURLToPath(new URL('./processes/echo-process.mjs', import.meta.url));
    this.#child = fork(path, { env: { ...process.env, ...env }, execArgv: [] });
    this.#child.on('message', (report: Report) => this.reports.push(report));
    this.#child.on('exit', (code, signal) => {
      this.exit = { code, signal };
    });
  }

  static async start(env: Record<string, string> = {}): Promise<EchoProcess> {
    const started = new EchoProcess(env);
    const servers = Number(env.SERVERS ?? 1);
    try {
      await until(
        () => started.addresses.length === servers || started.exit !== undefined,
        'the server process',
      );
      return started;
    } catch (error) {
      await started.end();
      throw error;
    }
  }

  get addresses(): string[] {
    return this.reports.flatMap(({ address }) => (address === undefined ? [] : [address]));
  }

  get address(): string {
    return this.addresses[0] ?? '';
  }

  get started(): string[] {
    return this.reports.flatMap(({ started }) => (started === undefined ? [] : [started]));
  }

  get effects(): string[] {
    return this.reports.flatMap(({ effect }) => (effect === undefined ? [] : [effect]));
  }

  get broken(): string[] {
    return this.reports.flatMap(({ broken }) => (broken === undefined ? [] : [broken]));
  }

  get messages(): string[] {
    return this.reports.flatMap(({ message }) => (message === undefined ? [] : [message]));
  }

  kill(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** SIGKILL, and waits for the end. */
  async end(): Promise<void> {
    if (this.exit !== undefined) return;
    const exited = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await exited;
  }
}
