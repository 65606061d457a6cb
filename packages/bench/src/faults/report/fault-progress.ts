const WIDTH = 16;

/** Says on standard error what a run is at: a line that moves in a terminal, else a line for each fault. */
export class FaultProgress {
  readonly #out: NodeJS.WriteStream;
  readonly #faults: number;
  #done = 0;
  #fault = '';

  constructor(out: NodeJS.WriteStream, faults: number) {
    this.#out = out;
    this.#faults = faults;
  }

  begin(fault: string): void {
    this.#fault = fault;
    if (!this.#out.isTTY) this.#out.write(`[${this.#done + 1}/${this.#faults}] ${fault}\n`);
  }

  step(text: string): void {
    if (!this.#out.isTTY) return;
    const place = `[${this.#done + 1}/${this.#faults}]`;
    this.#out.write(`\r\u001b[K${place} ${this.#fault.padEnd(WIDTH)} ${text}`);
  }

  end(): void {
    this.#done++;
    this.clear();
  }

  clear(): void {
    if (this.#out.isTTY) this.#out.write('\r\u001b[K');
  }
}
