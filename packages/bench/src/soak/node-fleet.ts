import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/** A start takes 300 ms; on a machine that is as busy as a soak makes it, far longer. */
const START_LIMIT_MS = 60_000;

/** hello nodes in processes of their own, one of which is killed -9 and replaced every so often. */
export class NodeFleet {
  /** Nodes that were killed. */
  kills = 0;
  readonly #entry = fileURLToPath(import.meta.resolve('@micromesh/service-hello/main'));
  readonly #nodes: ChildProcess[] = [];
  #next = 0;

  /** Starts so many nodes, beside each other. */
  async start(nodes: number): Promise<void> {
    await Promise.all(Array.from({ length: nodes }, () => this.#startNode()));
  }

  /** Kills the node that is next in turn, and starts another. */
  async replaceOne(): Promise<void> {
    const index = this.#next++ % this.#nodes.length;
    const [node] = this.#nodes.splice(index, 1);
    if (node === undefined) return;
    await kill(node);
    this.kills++;
    await this.#startNode();
  }

  /** Kills them all. */
  async stop(): Promise<void> {
    await Promise.all(this.#nodes.splice(0).map(kill));
  }

  async #startNode(): Promise<void> {
    const node = fork(this.#entry, [], { stdio: ['ignore', 'ignore', 'ignore', 'ipc'] });
    this.#nodes.push(node);
    const late = AbortSignal.timeout(START_LIMIT_MS);
    // hello says one thing: that it takes calls.
    await once(node, 'message', { signal: late }).catch((error: unknown) => {
      throw new Error(`a hello node was not ready within ${START_LIMIT_MS} ms`, { cause: error });
    });
  }
}

async function kill(node: ChildProcess): Promise<void> {
  if (node.exitCode !== null || node.signalCode !== null) return;
  const exited = once(node, 'exit');
  node.kill('SIGKILL');
  await exited;
}
