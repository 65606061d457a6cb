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
    readonly problem: string,
    readonly mend: string,
  ) {
    super(`${field}: ${show(value)} ${problem}; ${mend}`);
  }
}

/** Longer values are cut: a definition or a registry would fill the screen. */
const MAX_SHOWN = 200;

function show(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value);
  if (typeof value === 'function') return `function ${value.name || '(anonymous)'}`;
  // JSON has neither NaN nor Infinity.
  if (typeof value !== 'object' || value === null) return String(value);
  const made = instanceOf(value);
  if (made !== undefined) return made;
  try {
    const text = JSON.stringify(value);
    return text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}...` : text;
  } catch {
    return String(value);
  }
}

/** What is made by a class is called by its name: its content may be a secret, and says less. */
function instanceOf(value: object): string | undefined {
  const maker: unknown = value.constructor;
  if (typeof maker !== 'function' || ['', 'Array', 'Object'].includes(maker.name)) return undefined;
  return `${/^[aeiou]/i.test(maker.name) ? 'an' : 'a'} ${maker.name}`;
}

/** The message of anything that was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
