/** What the scenario `flaky` is made of; the run and its simulation read it here. */
export const FLAKY = {
  /** Callers, each of which makes its next call when it has the answer to the last. */
  callers: 10,
  /** The share of the attempts that fail, wherever they go. */
  errorRatio: 0.2,
  /** The work of an attempt takes the demo's own 50 ms, and up to this on top: callers that march in step would distort the figures. */
  spreadMs: 50,
  seed: 1,
} as const;
