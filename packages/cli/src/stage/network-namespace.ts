import { execFile } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { promisify } from 'node:util';
import { messageOf } from '@micromesh/core';
import type { Guardian } from './guardian.js';

const run = promisify(execFile);
const LIMIT_MS = 5_000;
/** 198.18.0.0/15, which is set aside for measurements, in pieces of four addresses. */
const FIRST_ADDRESS = 198 * 2 ** 24 + 18 * 2 ** 16;
const PIECES = 2 ** 15;

/** A network of its own on this machine, joined to ours by one link. With the link down it is a black hole: nothing is refused or reset. */
export class NetworkNamespace {
  /** The address of what listens in it. */
  readonly host: string;
  /** What starts a process in it: the beginning of a command. */
  readonly launcher: readonly string[];
  readonly #name: string;

  private constructor(name: string, host: string) {
    this.#name = name;
    this.host = host;
    this.launcher = ['ip', 'netns', 'exec', name];
  }

  /**
   * Makes one; the guardian takes it into care.
   *
   * @throws Error where this machine does not let us, with what it needs.
   */
  static async create(guardian: Guardian): Promise<NetworkNamespace> {
    const piece = randomInt(PIECES);
    const address = (last: number) => formatIp(FIRST_ADDRESS + piece * 4 + last);
    const namespace = new NetworkNamespace(`micromesh-${piece.toString(16)}`, address(2));
    guardian.watchNetwork(namespace.#name);
    try {
      await namespace.#make(`mm${piece.toString(16)}`, address(1));
      return namespace;
    } catch (error) {
      // What could not be made cannot be removed, either; the first error says why.
      await namespace.remove().catch(() => {});
      throw new Error(
        `cannot make a network of its own here (${messageOf(error).trim()}): it needs Linux, root's rights and ip of iproute2`,
        { cause: error },
      );
    }
  }

  async #make(link: string, ours: string): Promise<void> {
    const name = this.#name;
    await ip('netns', 'add', name);
    await ip('link', 'add', link, 'type', 'veth', 'peer', 'name', 'uplink', 'netns', name);
    await ip('addr', 'add', `${ours}/30`, 'dev', link);
    await ip('link', 'set', link, 'up');
    await ip('-n', name, 'addr', 'add', `${this.host}/30`, 'dev', 'uplink');
    await ip('-n', name, 'link', 'set', 'lo', 'up');
    await ip('-n', name, 'link', 'set', 'uplink', 'up');
  }

  /** Takes the link away. */
  // At the far end: ours would tell the sockets of the caller.
  async cut(): Promise<void> {
    await ip('-n', this.#name, 'link', 'set', 'uplink', 'down');
  }

  /** Gives the link back. */
  async mend(): Promise<void> {
    await ip('-n', this.#name, 'link', 'set', 'uplink', 'up');
  }

  /** Removes it, and with it the link; nothing where there is none. Rejects where it is left. */
  async remove(): Promise<void> {
    try {
      await ip('netns', 'del', this.#name);
    } catch (error) {
      if (!messageOf(error).includes('No such file')) throw error;
    }
  }
}

async function ip(...args: string[]): Promise<void> {
  await run('ip', args, { timeout: LIMIT_MS });
}

function formatIp(address: number): string {
  return [24, 16, 8, 0].map((bits) => Math.floor(address / 2 ** bits) % 256).join('.');
}
