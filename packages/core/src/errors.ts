/**
 * A setting that cannot be: names the field, the value and the mend. Thrown when something is created or configured,
 * never in the middle of a call.
 */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';

  /**
   * @param field - the option, e.g. `defaults.timeoutMs`
   * @param value - what was given
   * @param problem - continues the sentence "field value ...": `is not a number`
   * @param mend - what to write instead
   */
  constructor(
    readonly field: string,
    readonly value: unknown,
    problem: string,
    readonly mend: string,
  ) {
    super(`${field}: ${show(value)} ${problem}; ${mend}`);
  }
}

function show(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value);
  if (typeof value === 'function') return `function ${value.name || '(anonymous)'}`;
  try {
    return JSON.stringify(value) ?? String(value);
  } catch {
    return String(value);
  }
}

/** The message of anything that was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
