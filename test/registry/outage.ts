import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { messageOf } from '@micromesh/core';
import { type ConsulOptions, consul, type KeyValueRegistry, type WatchState } from '@micromesh/registry';
import { HelloService } from '@micromesh/service-hello';
import { createMesh, type Logger, type Mesh } from 'micromesh';

const PAUSE_MS = 5;
/** Each makes one call at a time. */
const WORKERS = ['a', 'b'];
const WITHIN_MS = 30_000;

/** A node that registers itself, in a process of its own. */
class OutageNode {
  readonly id: string;
  /** Names that it has greeted. */
  readonly greeted: string[] = [];
  serves = false;
  readonly #child: ChildProcess;

  constructor(address: string, id: string) {
    this.id = id;
    this.#child = fork(fileURLToPath(new URL('./processes/outage-node.mjs', import.meta.url)), {
      execArgv: [],
      env: { ...process.env, ADDRESS: address, ID: id },
    });
    this.#child.on('message', (report: { readonly greeted: string } | { readonly serves: true }) => {
      if ('greeted' in report) this.greeted.push(report.greeted);
      else this.serves = true;
    });
  }

  /** kill -9, so that it leaves its entry behind; resolves when it is gone. */
  async kill(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const exited = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await exited;
  }
}

/** Nodes at a Consul, and a mesh that calls them all the while. */
export class Outage {
  /** Messages of failed calls. */
  readonly failures: string[] = [];
  /** What the mesh and its registry have logged from `warn` on. */
  readonly warnings: string[] = [];
  calls = 0;
  readonly registry: KeyValueRegistry;
  readonly mesh: Mesh;
  readonly #address: string;
  readonly #nodes = new Map<string, OutageNode>();
  /** Names whose greeting may have been the last thing that a killed node did: nobody can know whether its answer was out. */
  readonly #uncertain = new Set<string>();
  readonly #lastAt = new Map<string, number>();
  readonly #end = new AbortController();
  #load: Promise<void> = Promise.resolve();

  /** @param address - of the agent, or of several, with commas. */
  constructor(address: string, options: ConsulOptions = {}) {
    this.#address = address;
    const log = (_fields: object, message: string) => this.warnings.push(message);
    const logger: Logger = { debug() {}, info() {}, warn: log, error: log };
    this.registry = consul({ address: address.split(','), env: {}, logger, ...options });
    this.mesh = createMesh({ registry: this.registry, logger });
  }

  /** Starts nodes; {@link answer} tells when they are there. */
  start(...ids: readonly string[]): void {
    for (const id of ids) this.#nodes.set(id, new OutageNode(this.#address, id));
  }

  /** kill -9 of one node. */
  async kill(id: string): Promise<void> {
    const node = this.#nodes.get(id);
    await node?.kill();
    for (const name of node?.greeted.slice(-WORKERS.length) ?? []) this.#uncertain.add(name);
  }

  /** Begins to call, two calls at a time without end; resolves when all nodes have answered. */
  async call(): Promise<void> {
    await until(() => [...this.#nodes.values()].every(({ serves }) => serves), 'the nodes');
    const hello = this.mesh.client(HelloService, { service: 'hello' });
    const one = async (worker: string) => {
      for (let number = 1; !this.#end.signal.aborted; number++) {
        try {
          const { msg } = await hello.anything({ name: `${worker}${number}` });
          this.#lastAt.set(msg, performance.now());
        } catch (error) {
          this.failures.push(messageOf(error));
        }
        this.calls += 1;
        await sleep(PAUSE_MS);
      }
    };
    this.#load = Promise.all(WORKERS.map(one)).then(() => {});
    await this.answer(...this.#nodes.keys());
  }

  /** Waits until each of these nodes, and no other, answers; gives how long that took. */
  async answer(...ids: readonly string[]): Promise<number> {
    const from = performance.now();
    await until(
      () => {
        const recent = [...this.#lastAt].filter(([, at]) => at > Math.max(from, performance.now() - 300));
        return recent.length === ids.length && ids.every((id) => recent.some(([other]) => other === id));
      },
      `answers of ${ids.join(', ')}`,
    );
    return performance.now() - from;
  }

  /** Ends the calls, and gives what went wrong: failed calls, and names that were greeted twice without a kill to excuse it. */
  async close(): Promise<{ readonly failed: readonly string[]; readonly twice: readonly string[] }> {
    this.#end.abort();
    await this.#load;
    await this.mesh.close();
    await this.registry.close();
    await Promise.all([...this.#nodes.values()].map((node) => node.kill()));
    const greeted = [...this.#nodes.values()].flatMap((node) => node.greeted);
    const twice = greeted.filter((name, at) => greeted.indexOf(name) !== at && !this.#uncertain.has(name));
    return { failed: this.failures, twice };
  }
}

/** The ids of a watch's nodes; undefined before there is a word. */
export function idsIn(state: WatchState): readonly string[] | undefined {
  return state.kind === 'unknown' ? undefined : state.snapshot.nodes.map(({ id }) => id).sort();
}

/** Waits for a condition; gives how long that took. @throws Error that says what did not come. */
export async function until(condition: () => boolean, what: string): Promise<number> {
  const from = performance.now();
  while (!condition()) {
    if (performance.now() - from > WITHIN_MS) throw new Error(`${what}: not within ${WITHIN_MS} ms`);
    await sleep(10);
  }
  return performance.now() - from;
}
