import { setImmediate as nextTurn } from 'node:timers/promises';
import type { ReadResult } from '../document/read-resources.js';
import type { ValidationResult } from '../validate/validate.js';
import { type PolicyText, readText, validated } from './read-policies.js';

/** How long texts are read before others have a turn: a thousand small resources take half a second. */
const SLICE_MS = 5;

/** Reads one version after another of the same set: texts that stay are read once, and the event loop is not held up by the others. */
export class PolicyReader {
  #known: ReadonlyMap<string, ReadResult> = new Map();

  /** Reads and validates texts that are applied together. Not to be called before the last call has ended. */
  async read(texts: readonly PolicyText[]): Promise<ValidationResult> {
    const known = new Map<string, ReadResult>();
    const read: ReadResult[] = [];
    let since = performance.now();
    for (const text of texts) {
      const key = JSON.stringify([text.file, text.line ?? 1, text.text]);
      const result = this.#known.get(key) ?? readText(text);
      known.set(key, result);
      read.push(result);
      if (performance.now() - since < SLICE_MS) continue;
      await nextTurn();
      since = performance.now();
    }
    this.#known = known;
    return validated(texts, read);
  }
}
