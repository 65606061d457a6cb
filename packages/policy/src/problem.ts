/** The way to a field from the top of its document: names of fields, and places in lists counted from 0. */
export type FieldPath = readonly (string | number)[];

/** `error`: nothing of the folder is applied. `warning`: it is applied, and probably not what was meant. */
export type Severity = 'error' | 'warning';

/** Where a field stands in its file; both count from 1. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/** What is wrong with a resource, where, and what to write instead. */
export interface Problem extends Position {
  readonly severity: Severity;
  /** As it was given to `readResources`. */
  readonly file: string;
  /** `spec.http[0].retries.attempts`; empty where it is of the whole file. */
  readonly path: string;
  /** Names the value, in a sentence without its full stop. */
  readonly message: string;
  /** What to write instead. */
  readonly fix: string;
}

/** A problem before it is known in which file and line it is. */
export interface Finding {
  readonly severity: Severity;
  readonly path: FieldPath;
  readonly message: string;
  readonly fix: string;
}

const PLAIN_NAME = /^[A-Za-z_][A-Za-z0-9_-]*$/;

/** Writes a path as people do: `spec.http[0].match[1].headers["x-user.id"]`. */
export function formatPath(path: FieldPath): string {
  let text = '';
  for (const part of path) {
    if (typeof part === 'number') text += `[${part}]`;
    else if (!PLAIN_NAME.test(part)) text += `[${JSON.stringify(part)}]`;
    else text += text === '' ? part : `.${part}`;
  }
  return text;
}

/** One line for a terminal: `policies/hello.yaml:12:7: error: spec.http[0].timeout: "1" is no duration; write "1s"`. */
export function formatProblem(problem: Problem): string {
  const { file, line, column, severity, path, message, fix } = problem;
  const field = path === '' ? '' : `${path}: `;
  return `${file}:${line}:${column}: ${severity}: ${field}${message}; ${fix}`;
}
