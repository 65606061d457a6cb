import { type FSWatcher, watch } from 'node:fs';
import { basename, dirname, resolve } from 'node:path';
import { type Logger, messageOf } from '@micromesh/core';
import { type FoundFolder, isMissing } from './policy-files.js';

/**
 * Watches of folders, one for each and one for what holds the topmost: Node's own recursive watch loses links that are swapped.
 * They do not keep the process running.
 */
export class FolderWatchers {
  readonly #root: string;
  readonly #logger: Logger;
  readonly #changed: () => void;
  /** By path and inode: a folder that is made anew needs another watch. */
  readonly #watchers = new Map<string, FSWatcher>();
  #complained = false;
  #closed = false;

  /** @param changed - called at each change, many times for one. */
  constructor(root: string, logger: Logger, changed: () => void) {
    this.#root = resolve(root);
    this.#logger = logger;
    this.#changed = changed;
  }

  /** Watches these folders and no others. */
  follow(folders: readonly FoundFolder[]): void {
    if (this.#closed) return;
    const wanted = new Map([['', dirname(this.#root)]]);
    for (const { path, inode } of folders) wanted.set(`${inode} ${path}`, path);
    for (const [key, watcher] of this.#watchers) {
      if (wanted.has(key)) continue;
      watcher.close();
      this.#watchers.delete(key);
    }
    for (const [key, folder] of wanted) if (!this.#watchers.has(key)) this.#watch(key, folder);
  }

  close(): void {
    this.#closed = true;
    for (const watcher of this.#watchers.values()) watcher.close();
    this.#watchers.clear();
  }

  #watch(key: string, folder: string): void {
    const name = basename(this.#root);
    const onChange = (_event: string, file: string | null) => {
      // What holds the folder may be busy with other things: the folder for temporary files.
      if (key !== '' || file === null || file === name) this.#changed();
    };
    try {
      const watcher = watch(folder, { persistent: false }, onChange);
      watcher.on('error', (error) => {
        watcher.close();
        if (this.#watchers.get(key) === watcher) this.#watchers.delete(key);
        this.#complain(folder, error);
      });
      this.#watchers.set(key, watcher);
    } catch (error) {
      this.#complain(folder, error);
    }
  }

  #complain(folder: string, error: unknown): void {
    // What is not there is waited for, by looking.
    if (this.#complained || isMissing(error)) return;
    this.#complained = true;
    this.#logger.warn(
      { folder, error: messageOf(error) },
      'a folder of policies cannot be watched; it is looked at now and then',
    );
  }
}
