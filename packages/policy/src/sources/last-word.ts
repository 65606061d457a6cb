import { type Logger, messageOf } from '@micromesh/core';
import type { PolicyListener, PolicyWord } from './policy-source.js';

/** What a source has said last, and who is told of it. */
export class LastWord {
  readonly #description: string;
  readonly #logger: Logger;
  readonly #listeners = new Set<PolicyListener>();
  #word: PolicyWord | undefined;
  #known: PolicyWord | undefined;

  constructor(description: string, logger: Logger) {
    this.#description = description;
    this.#logger = logger;
  }

  /** The last word that is not `unknown`. */
  get known(): PolicyWord | undefined {
    return this.#known;
  }

  /** Tells a word, unless it is what was said last. */
  tell(word: PolicyWord): void {
    const last = this.#word;
    if (word === last) return;
    if (word.kind === 'unknown' && last?.kind === 'unknown' && word.error === last.error) return;
    this.#word = word;
    if (word.kind !== 'unknown') this.#known = word;
    for (const listener of [...this.#listeners]) this.#hand(listener, word);
  }

  /** Says once more what was known before it could not be told. */
  repeat(): void {
    if (this.#known !== undefined) this.tell(this.#known);
  }

  watch(listener: PolicyListener): () => void {
    // One of its own: a function that watches twice is told twice, and forgotten one at a time.
    const own: PolicyListener = (word) => listener(word);
    this.#listeners.add(own);
    if (this.#word !== undefined) this.#hand(own, this.#word);
    return () => {
      this.#listeners.delete(own);
    };
  }

  /** Forgets all who listen. */
  close(): void {
    this.#listeners.clear();
  }

  #hand(listener: PolicyListener, word: PolicyWord): void {
    try {
      listener(word);
    } catch (error) {
      this.#logger.error(
        { source: this.#description, error: messageOf(error) },
        'a listener of a source of policies threw',
      );
    }
  }
}
