import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/** A version that came into force in another process. */
export interface Sight {
  readonly kind: 'inForce';
  readonly version: string;
  /** How many resources it has. */
  readonly names: number;
  /** What their rules say, each different one once. */
  readonly timeouts: readonly string[];
  /** In ms since 1970. */
  readonly at: number;
}

type Report = Sight | { readonly kind: 'memory'; readonly heapUsed: number };

/** A process that follows the policies of a registry. */
export class Watcher {
  readonly sights: Sight[] = [];
  readonly #child: ChildProcess;
  #onMemory = (_bytes: number) => {};

  constructor(registry: string) {
    this.#child = fork(fileURLToPath(new URL('./processes/watcher.mjs', import.meta.url)), {
      execArgv: ['--expose-gc'],
      env: { ...process.env, MICROMESH_REGISTRY: registry },
    });
    this.#child.on('message', (report: Report) => {
      if (report.kind === 'memory') this.#onMemory(report.heapUsed);
      else this.sights.push(report);
    });
  }

  get last(): Sight | undefined {
    return this.sights.at(-1);
  }

  /** Bytes in use after a collection of garbage. */
  async heapUsed(): Promise<number> {
    const answer = new Promise<number>((resolve) => {
      this.#onMemory = resolve;
    });
    this.#child.send('memory');
    return answer;
  }

  async end(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const exited = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await exited;
  }
}
