import { LastWord } from './last-word.js';
import type { PolicyPlace, PolicySource, PolicySourceParts } from './policy-source.js';
import { hasErrors, hashOf, type PolicyText, readPolicies } from './read-policies.js';

/** Policies inside the process, for tests: all who have opened them are told at once of each change. */
export class MemoryPolicies implements PolicyPlace {
  readonly description: string;
  readonly #open = new Set<LastWord>();
  #texts: readonly PolicyText[];
  #error: string | undefined;

  /**
   * @param texts - what is there at first; default none.
   * @param description - default `memory`.
   */
  constructor(texts: readonly PolicyText[] = [], description = 'memory') {
    this.#texts = texts;
    this.description = description;
  }

  /** Replaces all texts at once. */
  set(...texts: readonly PolicyText[]): void {
    this.#texts = texts;
    this.#error = undefined;
    for (const word of this.#open) this.#tell(word);
  }

  /** From now on it cannot be told what the policies are, until they are set. */
  fail(error: string): void {
    this.#error = error;
    for (const word of this.#open) this.#tell(word);
  }

  open({ logger }: Pick<PolicySourceParts, 'logger'>): Promise<PolicySource> {
    const word = new LastWord(this.description, logger);
    this.#open.add(word);
    this.#tell(word);
    return Promise.resolve({
      description: this.description,
      watch: (listener) => word.watch(listener),
      close: () => {
        this.#open.delete(word);
        word.close();
      },
    });
  }

  #tell(word: LastWord): void {
    if (this.#error !== undefined) {
      word.tell({ kind: 'unknown', error: this.#error });
      return;
    }
    const version = hashOf(this.#texts);
    const { resources, problems } = readPolicies(this.#texts);
    word.tell(
      hasErrors(problems)
        ? { kind: 'bad', version, problems }
        : { kind: 'good', version, resources, problems },
    );
  }
}
