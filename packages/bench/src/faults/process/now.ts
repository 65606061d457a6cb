/** Monotonic ms of the machine, with fractions: the same in every process of a run. */
export function nowMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}
