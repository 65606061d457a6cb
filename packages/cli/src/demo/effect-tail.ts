import { closeSync, fstatSync, ftruncateSync, openSync, readSync } from 'node:fs';
import type { Clock, Timer } from '@micromesh/core';
import { type EffectLine, parseEffectLine } from '../scenario/effects.js';

const POLL_MS = 200;
const CHUNK_BYTES = 1024 * 1024;
/** A file that was read to its end is emptied from here on; services append, so they go on at its start. */
const EMPTY_ABOVE_BYTES = 4 * 1024 * 1024;

/** Reads an effects file as it grows. */
export class EffectTail {
  readonly #file: number;
  readonly #clock: Clock;
  readonly #onLine: (line: EffectLine) => void;
  readonly #chunk = Buffer.alloc(CHUNK_BYTES);
  #offset = 0;
  #rest = '';
  #timer: Timer;

  /** @throws Error when the file cannot be made. */
  constructor(path: string, clock: Clock, onLine: (line: EffectLine) => void) {
    this.#file = openSync(path, 'a+');
    this.#clock = clock;
    this.#onLine = onLine;
    this.#timer = clock.setTimer(POLL_MS, () => this.#poll());
  }

  close(): void {
    this.#timer.cancel();
    closeSync(this.#file);
  }

  /** Reads what is there now, ahead of the next look. */
  read(): void {
    for (let bytes = this.#readChunk(); bytes > 0; bytes = this.#readChunk());
    if (this.#offset > EMPTY_ABOVE_BYTES && fstatSync(this.#file).size === this.#offset) {
      ftruncateSync(this.#file);
      this.#offset = 0;
    }
  }

  #poll(): void {
    this.read();
    this.#timer = this.#clock.setTimer(POLL_MS, () => this.#poll());
  }

  #readChunk(): number {
    const bytes = readSync(this.#file, this.#chunk, 0, CHUNK_BYTES, this.#offset);
    this.#offset += bytes;
    // A node's lines are ASCII, so that a chunk cannot end inside a character.
    const text = this.#rest + this.#chunk.toString('latin1', 0, bytes);
    const end = text.lastIndexOf('\n') + 1;
    this.#rest = text.slice(end);
    for (const line of text.slice(0, end).split('\n')) {
      // A full disk tears lines; the demo counts what it can read.
      const effect = parseEffectLine(line);
      if (effect !== undefined) this.#onLine(effect);
    }
    return bytes;
  }
}
