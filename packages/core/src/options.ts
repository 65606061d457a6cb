import { ConfigError } from './errors.js';

/**
 * Refuses option names that nobody reads.
 *
 * @param what - the place, e.g. `createMesh` or `mesh.client`, for the message.
 * @throws ConfigError with the nearest known name: "did you mean timeoutMs?".
 */
export function checkOptionNames(what: string, options: object, known: readonly string[]): void {
  for (const name of Object.keys(options)) {
    if (known.includes(name)) continue;
    const near = nearestName(name, known);
    throw new ConfigError(
      what,
      name,
      'is not an option',
      near === undefined ? `it takes ${known.join(', ')}` : `did you mean ${near}?`,
    );
  }
}

/** The known name that a slip or two away makes `name`: a third of the longer one's letters at most; or undefined. */
export function nearestName(name: string, known: readonly string[]): string | undefined {
  let best: string | undefined;
  let bestDistance = Number.POSITIVE_INFINITY;
  for (const candidate of known) {
    const distance = editDistance(name.toLowerCase(), candidate.toLowerCase());
    const near = Math.max(1, name.length / 3, candidate.length / 3);
    if (distance < bestDistance && distance <= near) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best;
}

/** Letters that were added, lost or changed, and neighbours that were swapped (Damerau and Levenshtein's, restricted). */
function editDistance(a: string, b: string): number {
  let beforePrevious: number[] = [];
  let previous = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let row = 1; row <= a.length; row++) {
    const current = [row];
    for (let column = 1; column <= b.length; column++) {
      const substitution = (previous[column - 1] ?? 0) + (a[row - 1] === b[column - 1] ? 0 : 1);
      const swapped = row > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1];
      const swap = swapped ? (beforePrevious[column - 2] ?? 0) + 1 : substitution;
      current.push(Math.min(substitution, swap, (previous[column] ?? 0) + 1, (current[column - 1] ?? 0) + 1));
    }
    beforePrevious = previous;
    previous = current;
  }
  return previous[b.length] ?? 0;
}

/**
 * Reads a number option.
 *
 * @throws ConfigError when it is not a number within [min, max].
 */
export function checkNumber(
  field: string,
  value: number,
  min: number,
  max = Number.POSITIVE_INFINITY,
): number {
  if (typeof value === 'number' && value >= min && value <= max) return value;
  const range = max === Number.POSITIVE_INFINITY ? `of at least ${min}` : `from ${min} to ${max}`;
  throw new ConfigError(field, value, 'is out of range', `give a number ${range}`);
}

/** As {@link checkNumber}, for counts. */
export function checkInteger(
  field: string,
  value: number,
  min: number,
  max = Number.MAX_SAFE_INTEGER,
): number {
  if (Number.isInteger(value)) return checkNumber(field, value, min, max);
  throw new ConfigError(field, value, 'is not an integer', `give a whole number of at least ${min}`);
}
