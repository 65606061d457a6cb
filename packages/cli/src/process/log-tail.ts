import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';

const KEPT_LINES = 5;
const SHOWN_CHARACTERS = 300;

/** Reads what a process prints, and keeps the last 5 lines for the message that says why it failed. */
export class LogTail {
  readonly #lines: string[] = [];
  readonly #onLine: ((line: string) => void) | undefined;

  constructor(onLine: ((line: string) => void) | undefined) {
    this.#onLine = onLine;
  }

  read(stream: Readable): void {
    createInterface({ input: stream, crlfDelay: Number.POSITIVE_INFINITY }).on('line', (line) => {
      this.#lines.push(line);
      if (this.#lines.length > KEPT_LINES) this.#lines.shift();
      this.#onLine?.(line);
    });
  }

  /** The lines as the end of a message; empty when nothing was printed. */
  quoted(): string {
    return this.#lines.length === 0
      ? ''
      : `; its last lines:\n  ${this.#lines.map((line) => line.slice(0, SHOWN_CHARACTERS)).join('\n  ')}`;
  }
}
