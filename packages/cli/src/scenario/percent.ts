/** A share for people: `99.84 %`. */
export function percent(share: number): string {
  return `${(100 * share).toFixed(2)} %`;
}
