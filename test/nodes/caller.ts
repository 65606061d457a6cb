import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { SteadyClock } from '../machine/steady-clock.js';

type Report = { readonly node: string } | { readonly failed: string };

/** A process that calls the nodes of hello without end. */
export class Caller {
  /** When each node has answered last, as far as this process was run. */
  readonly lastAt = new Map<string, number>();
  /** What went wrong. */
  readonly failures: string[] = [];
  calls = 0;
  readonly #child: ChildProcess;

  constructor(registry: string, name: string, clock: SteadyClock) {
    this.#child = fork(fileURLToPath(new URL('./processes/caller.mjs', import.meta.url)), {
      execArgv: [],
      env: { ...process.env, MICROMESH_REGISTRY: registry, NAME: name },
    });
    this.#child.on('message', (report: Report) => {
      this.calls++;
      if ('node' in report) this.lastAt.set(report.node, clock.now());
      else this.failures.push(report.failed);
    });
  }

  /** Whether each of these nodes, and no other, has answered since. */
  uses(nodes: readonly string[], since: number): boolean {
    const used = [...this.lastAt].filter(([, at]) => at > since).map(([node]) => node);
    return used.length === nodes.length && nodes.every((node) => used.includes(node));
  }

  async end(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const exited = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await exited;
  }
}
