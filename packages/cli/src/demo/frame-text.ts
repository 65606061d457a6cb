/** A text and its colour. */
export type Piece = readonly [text: string, paint?: ((text: string) => string) | undefined];

/** Lines of coloured pieces, cut at the width of the terminal; where there are more than it has rows, those that matter least go. */
export class FrameText {
  readonly #lines: { readonly text: string; readonly rank: number }[] = [];
  readonly #columns: number;

  constructor(columns: number) {
    this.#columns = columns;
  }

  /** @param rank - 0 stays longest; of one rank, the lower on the screen goes first. */
  line(rank: number, ...pieces: readonly Piece[]): void {
    let left = this.#columns;
    let text = '';
    for (const [part, paint] of pieces) {
      const shown = part.slice(0, left);
      left -= shown.length;
      text += paint === undefined || shown === '' ? shown : paint(shown);
    }
    this.#lines.push({ text, rank });
  }

  /** What fits into so many rows. */
  fit(rows: number): string[] {
    const byWorth = [...this.#lines.entries()].sort(([a, one], [b, other]) => one.rank - other.rank || a - b);
    const kept = new Set(byWorth.slice(0, rows).map(([index]) => index));
    return this.#lines.filter((_, index) => kept.has(index)).map(({ text }) => text);
  }
}
