import { readFile } from 'node:fs/promises';
import { messageOf } from '@micromesh/core';
import { RegistryError } from '../registry.js';

/** An ACL token that may change while the process runs. */
export class TokenSource {
  readonly #read: () => Promise<string | undefined>;
  #token: Promise<string | undefined> | undefined;

  constructor(token: string | (() => string | Promise<string>) | undefined, file: string | undefined) {
    this.#read = () => readToken(token, file);
  }

  /** The token; undefined: none. */
  async get(): Promise<string | undefined> {
    this.#token ??= this.#read();
    try {
      return await this.#token;
    } catch (error) {
      this.#token = undefined;
      throw new RegistryError(`the Consul token cannot be read: ${messageOf(error)}`, { cause: error });
    }
  }

  /** Reads again after Consul refused `refused`; true when there is another one now. */
  async renew(refused: string | undefined): Promise<boolean> {
    const known = this.#token;
    if ((await this.get()) !== refused) return true;
    // Several requests are refused at once: the first of them makes the others wait for one reading.
    if (this.#token === known) this.#token = undefined;
    return (await this.get()) !== refused;
  }
}

async function readToken(
  token: string | (() => string | Promise<string>) | undefined,
  file: string | undefined,
): Promise<string | undefined> {
  const text =
    typeof token === 'function'
      ? await token()
      : (token ?? (file === undefined ? undefined : await readFile(file, 'utf8')));
  const trimmed = text?.trim();
  return trimmed === '' ? undefined : trimmed;
}
