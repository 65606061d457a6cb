/** What holds a storm's retries back. */
export interface Protection {
  readonly name: string;
  /** Whether extra attempts are bounded by micromesh's retry budget, at both hops. */
  readonly budget: boolean;
  /** Whether what front calls while it serves a retry gets no retries of its own. */
  readonly chainStop: boolean;
}

/** micromesh's defaults. */
export const DEFAULTS: Protection = { name: 'defaults', budget: true, chainStop: true };

/** As most clients retry. */
export const NEITHER: Protection = { name: 'neither', budget: false, chainStop: false };

/** What is compared. */
export const PROTECTIONS: readonly Protection[] = [
  DEFAULTS,
  NEITHER,
  { name: 'budget only', budget: true, chainStop: false },
  { name: 'chain stop only', budget: false, chainStop: true },
];
