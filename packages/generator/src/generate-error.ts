/** One thing that is wrong, and where. */
export interface GenerateProblem {
  /** The .proto file, as the user can open it; undefined where no one file is at fault. */
  readonly file?: string;
  /** Counted from 1. */
  readonly line?: number;
  /** Counted from 1. */
  readonly column?: number;
  readonly message: string;
}

/**
 * Where a problem comes from: `proto`, a .proto file is wrong; `usage`, what was asked for cannot be: an input is missing, the
 * output folder holds files of somebody else.
 */
export type GenerateProblemOrigin = 'proto' | 'usage';

/** Stubs could not be generated, and nothing was written. The message has one line a problem: `file:line:column: what`. */
export class GenerateError extends Error {
  override readonly name = 'GenerateError';

  constructor(
    readonly problems: readonly GenerateProblem[],
    readonly origin: GenerateProblemOrigin = 'proto',
  ) {
    super(problems.map(formatProblem).join('\n'));
  }
}

/** One line: `file:line:column: what`. */
export function formatProblem({ file, line, column, message }: GenerateProblem): string {
  const place = [file, line, column].filter((part) => part !== undefined);
  return place.length === 0 ? message : `${place.join(':')}: ${message}`;
}
