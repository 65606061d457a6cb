import type { FieldPath, Finding } from '../problem.js';

/** What of a `spec` could not be read and was taken out before rules look at it; paths begin at the resource. */
export interface TakenOut {
  readonly broken: readonly FieldPath[];
  /** Those of them that are fields which nobody knows: they may be any field that seems to be missing beside them. */
  readonly unknown: readonly FieldPath[];
  /** The path in the document of what rules see at a path: items of lists may have been taken out before it. */
  original(path: FieldPath): FieldPath;
}

const NOTHING: TakenOut = { broken: [], unknown: [], original: (path) => path };

/** Takes what a rule finds; paths begin at the resource. */
export class Finder {
  readonly findings: Finding[] = [];
  readonly #takenOut: TakenOut;

  constructor(takenOut: TakenOut = NOTHING) {
    this.#takenOut = takenOut;
  }

  /** Nothing of the folder is applied. */
  error(path: FieldPath, message: string, fix: string): void {
    this.#add({ severity: 'error', path: this.#takenOut.original(path), message, fix });
  }

  /** It is applied, and probably not what was meant. */
  warning(path: FieldPath, message: string, fix: string): void {
    this.#add({ severity: 'warning', path: this.#takenOut.original(path), message, fix });
  }

  /** Whether a field may be other than it seems: something in it could not be read, or something beside it that may be it. */
  isUncertain(path: FieldPath): boolean {
    const { broken, unknown, original } = this.#takenOut;
    const at = original(path);
    return (
      broken.some((other) => startsWith(other, at)) ||
      unknown.some((other) => other.length === at.length && startsWith(at, other.slice(0, -1)))
    );
  }

  #add(finding: Finding): void {
    // What is said of a thing that could not be read as a whole may come of that.
    if (!this.#takenOut.broken.some((other) => startsWith(other, finding.path))) this.findings.push(finding);
  }
}

/** Whether a path leads to a place or to something in it. */
export function startsWith(path: FieldPath, beginning: FieldPath): boolean {
  return beginning.every((part, index) => path[index] === part);
}

/** The fields of `names` that are there. */
export function given<T extends object>(
  value: T,
  ...names: readonly (keyof T & string)[]
): readonly (keyof T & string)[] {
  return names.filter((name) => value[name] !== undefined);
}

/** Says that at most one of some fields may be there. */
export function atMostOne<T extends object>(
  find: Finder,
  path: FieldPath,
  value: T,
  ...names: readonly (keyof T & string)[]
): void {
  const [first, second] = given(value, ...names);
  if (first === undefined || second === undefined) return;
  find.error(
    [...path, second],
    `${first} and ${second} exclude each other`,
    `keep one of ${names.join(', ')}`,
  );
}
