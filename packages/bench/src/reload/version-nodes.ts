import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const START_LIMIT_MS = 60_000;
/** Calls that fail and are tried again: what could be mixed shows in them. */
const ERROR_RATIO = 0.05;

/** hello nodes of given versions, in processes of their own; one attempt of twenty fails with UNAVAILABLE. */
export class VersionNodes {
  readonly #nodes: ChildProcess[] = [];

  /** Starts one a version. @param versions - the same may be there more than once. */
  async start(versions: readonly string[]): Promise<void> {
    await Promise.all(versions.map((version) => this.#start(version)));
  }

  /** Kills them all. */
  async stop(): Promise<void> {
    await Promise.all(this.#nodes.splice(0).map(kill));
  }

  async #start(version: string): Promise<void> {
    const node = fork(fileURLToPath(import.meta.resolve('@micromesh/service-hello/main')), [], {
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
      env: { ...process.env, VERSION: version },
    });
    this.#nodes.push(node);
    // hello says one thing: that it takes calls.
    const ready = await Promise.race([
      once(node, 'message', { signal: AbortSignal.timeout(START_LIMIT_MS) }).then(() => true),
      once(node, 'exit').then(() => false),
    ]);
    if (!ready) throw new Error('a hello node ended as it started');
    node.send({ type: 'misbehave', orders: { errorRatio: ERROR_RATIO, code: 'UNAVAILABLE' } });
  }
}

async function kill(node: ChildProcess): Promise<void> {
  if (node.exitCode !== null || node.signalCode !== null) return;
  const exited = once(node, 'exit');
  node.kill('SIGKILL');
  await exited;
}
