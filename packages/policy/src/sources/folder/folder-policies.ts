import { relative } from 'node:path';
import { type Clock, type Logger, messageOf, type Timer } from '@micromesh/core';
import type { Problem } from '../../problem.js';
import { LastWord } from '../last-word.js';
import { PolicyReader } from '../policy-reader.js';
import type { PolicyListener, PolicySource, PolicyWord } from '../policy-source.js';
import { hasErrors, hashOf, type PolicyText } from '../read-policies.js';
import { FolderWatchers } from './folder-watchers.js';
import { findPolicyFiles, isMissing, readPolicyFiles } from './policy-files.js';

/** How a folder is watched; all in ms. */
export interface FolderSettings {
  readonly debounceMs: number;
  readonly pollMs: number;
}

/** A folder that is written to without end is read all the same, after this many times its debounce. */
const MAX_DEBOUNCES = 10;

type Read =
  /** Something was written meanwhile. */
  | { readonly kind: 'unsettled' }
  | { readonly kind: 'same' }
  | {
      readonly kind: 'read';
      readonly signature: string;
      readonly texts: readonly PolicyText[];
      readonly problems: readonly Problem[];
    };

/** The policies of one folder. */
export class FolderPolicies implements PolicySource {
  readonly description: string;
  readonly #path: string;
  readonly #settings: FolderSettings;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #word: LastWord;
  readonly #watchers: FolderWatchers;
  readonly #reader = new PolicyReader();
  #timer: Timer | undefined;
  #signature: string | undefined;
  /** Of what the last word was made of. */
  #hash: string | undefined;
  #isLooking = false;
  /** When the first change was seen that has not been looked at. */
  #changedAt: number | undefined;
  #closed = false;

  constructor(path: string, settings: FolderSettings, clock: Clock, logger: Logger) {
    this.description = `folder ${path}`;
    this.#path = path;
    this.#settings = settings;
    this.#clock = clock;
    this.#logger = logger;
    this.#word = new LastWord(this.description, logger);
    this.#watchers = new FolderWatchers(path, logger, () => this.#onChange());
    this.#start();
  }

  watch(listener: PolicyListener): () => void {
    return this.#word.watch(listener);
  }

  close(): void {
    this.#closed = true;
    this.#timer?.cancel();
    this.#watchers.close();
    this.#word.close();
  }

  #onChange(): void {
    if (this.#closed) return;
    this.#changedAt ??= this.#clock.now();
    if (!this.#isLooking) this.#lookSoon();
  }

  /** When it has been quiet for a while. */
  #lookSoon(): void {
    const { debounceMs } = this.#settings;
    const now = this.#clock.now();
    const latest = (this.#changedAt ?? now) + debounceMs * MAX_DEBOUNCES;
    this.#lookAfter(Math.max(0, Math.min(debounceMs, latest - now)));
  }

  #lookAfter(delayMs: number): void {
    this.#timer?.cancel();
    this.#timer = this.#clock.setTimer(delayMs, () => this.#start(), false);
  }

  #start(): void {
    this.#isLooking = true;
    // `#look` catches what the file system throws; anything else is a bug that must not end the process, nor the watch.
    this.#look()
      .catch((error: unknown) =>
        this.#logger.error({ source: this.description, error: messageOf(error) }, 'policies are not read'),
      )
      .finally(() => {
        this.#isLooking = false;
        if (this.#closed) return;
        if (this.#changedAt === undefined) this.#lookAfter(this.#settings.pollMs);
        else this.#lookSoon();
      });
  }

  async #look(): Promise<void> {
    // Times of files are too coarse to show each write: what the file system has told is read whatever they say.
    const known = this.#changedAt === undefined ? this.#signature : undefined;
    this.#changedAt = undefined;
    try {
      const read = await this.#read(known);
      if (this.#closed) return;
      if (read.kind === 'unsettled') this.#changedAt ??= this.#clock.now();
      else if (read.kind === 'same') this.#word.repeat();
      else await this.#take(read);
    } catch (error) {
      if (this.#closed) return;
      this.#signature = undefined;
      this.#watchers.follow([]);
      const missing = isMissing(error);
      this.#word.tell({
        kind: 'unknown',
        error: missing ? `${this.#path}: there is no such folder or file` : messageOf(error),
      });
    }
  }

  async #read(known: string | undefined): Promise<Read> {
    const found = await findPolicyFiles(this.#path);
    // Before anything is read: what is written from here on is told.
    this.#watchers.follow(found.folders);
    if (found.signature === known) return { kind: 'same' };
    try {
      const { texts, problems } = await readPolicyFiles(found.files);
      const { signature } = await findPolicyFiles(this.#path);
      if (signature !== found.signature) return { kind: 'unsettled' };
      return { kind: 'read', signature, texts, problems: [...found.problems, ...problems] };
    } catch (error) {
      if (isMissing(error)) return { kind: 'unsettled' };
      throw error;
    }
  }

  async #take({ signature, texts, problems }: Read & { kind: 'read' }): Promise<void> {
    this.#signature = signature;
    const hash = hashOf([...texts, { file: '', text: JSON.stringify(problems) }]);
    if (hash === this.#hash) {
      this.#word.repeat();
      return;
    }
    const word = await this.#wordOf(texts, problems);
    if (this.#closed) return;
    this.#hash = hash;
    this.#word.tell(word);
  }

  async #wordOf(texts: readonly PolicyText[], unreadable: readonly Problem[]): Promise<PolicyWord> {
    // The same contents have the same version, whatever the path is seen from.
    const version = hashOf(texts.map(({ file, text }) => ({ file: relative(this.#path, file), text })));
    const read = await this.#reader.read(texts);
    const problems = [...unreadable, ...read.problems];
    if (hasErrors(problems)) return { kind: 'bad', version, problems };
    return { kind: 'good', version, resources: read.resources, problems };
  }
}
