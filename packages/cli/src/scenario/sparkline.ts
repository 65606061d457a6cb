const BARS = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'] as const;

/** One character a value: a blank for 0, else a bar of its share of the greatest. */
export function sparkline(values: readonly number[]): string {
  const greatest = Math.max(0, ...values);
  return values
    .map((value) => (value === 0 ? ' ' : (BARS[Math.ceil((value / greatest) * BARS.length) - 1] ?? ' ')))
    .join('');
}
