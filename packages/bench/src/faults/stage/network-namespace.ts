import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { Janitor } from './janitor.js';

const run = promisify(execFile);
const LIMIT_MS = 5_000;

/** A network of its own on this machine, joined to ours by one link: down, it is a black hole, not a reset. */
export class NetworkNamespace {
  readonly name: string;
  /** Of what listens in it. */
  readonly host: string;

  private constructor(name: string, host: string) {
    this.name = name;
    this.host = host;
  }

  /** Makes one; gives the reason in words where this machine does not let us. */
  static async create(janitor: Janitor): Promise<NetworkNamespace | string> {
    if (process.platform !== 'linux') return 'network namespaces are there on Linux only';
    const part = Math.floor(Math.random() * 0xffff);
    const net = `10.${128 + Math.floor(part / 2048)}.${part % 256}`;
    const namespace = new NetworkNamespace(`mmb-${part.toString(16)}`, `${net}.2`);
    try {
      janitor.mind('namespace', namespace.name);
      await namespace.#make(`${net}.1`);
      return namespace;
    } catch (error) {
      await namespace.remove();
      return `no network namespace can be made here: ${error instanceof Error ? error.message.trim() : error}`;
    }
  }

  async #make(ours: string): Promise<void> {
    const link = `${this.name}h`;
    await ip('netns', 'add', this.name);
    await ip('link', 'add', link, 'type', 'veth', 'peer', 'name', 'uplink', 'netns', this.name);
    await ip('addr', 'add', `${ours}/24`, 'dev', link);
    await ip('link', 'set', link, 'up');
    await ip('-n', this.name, 'addr', 'add', `${this.host}/24`, 'dev', 'uplink');
    await ip('-n', this.name, 'link', 'set', 'lo', 'up');
    await ip('-n', this.name, 'link', 'set', 'uplink', 'up');
  }

  /** Takes the link away, or gives it back: the far end, so that on our side nothing says so. */
  async link(state: 'up' | 'down'): Promise<void> {
    await ip('-n', this.name, 'link', 'set', 'uplink', state);
  }

  /** Removes it; with it goes the link. */
  async remove(): Promise<void> {
    await ip('netns', 'del', this.name).catch(() => {});
  }
}

async function ip(...args: string[]): Promise<void> {
  await run('ip', args, { timeout: LIMIT_MS });
}
