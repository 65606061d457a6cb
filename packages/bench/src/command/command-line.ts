import { ConfigError, nearestName } from '@micromesh/core';

/** A command line, read option by option: `--name value`, `--name=value`, `--name`. What nobody has read is refused at the end. */
export class CommandLine {
  readonly #left: string[];
  readonly #known: string[] = [];

  constructor(args: readonly string[]) {
    this.#left = [...args];
  }

  /** Whether an option without a value is there. @throws ConfigError when it has one. */
  flag(name: string): boolean {
    let isThere = false;
    for (let found = this.#take(name); found !== undefined; found = this.#take(name)) {
      isThere = true;
      if (found.value === undefined) continue;
      throw new ConfigError(
        `--${name}`,
        found.value,
        'is a value, and it takes none',
        `write --${name} alone`,
      );
    }
    return isThere;
  }

  /** The value of an option, the last where it is there more than once; undefined where it is not. @throws ConfigError when it has none. */
  text(name: string): string | undefined {
    let text: string | undefined;
    for (let found = this.#take(name); found !== undefined; found = this.#take(name)) {
      text = found.value ?? this.#left.splice(found.at, 1)[0];
      if (text !== undefined && text !== '' && !text.startsWith('--')) continue;
      throw new ConfigError(`--${name}`, text, 'is no value of it', `write one after --${name}`);
    }
    return text;
  }

  /** A whole number from 1 to `max`; the other value where it is not there. @throws ConfigError when it is none. */
  wholeNumber<D extends number | undefined>(name: string, otherwise: D, max = 999_999_999): number | D {
    const text = this.text(name);
    if (text === undefined) return otherwise;
    const number = /^[1-9]\d{0,15}$/.test(text) ? Number(text) : Number.NaN;
    if (number <= max) return number;
    const leave = otherwise === undefined ? '' : `, or leave it out for ${otherwise}`;
    throw new ConfigError(
      `--${name}`,
      text,
      `is not a whole number from 1 to ${max}`,
      `write --${name} N${leave}`,
    );
  }

  /** @throws ConfigError when something is left that nobody has read: "did you mean --load?" */
  end(): void {
    const [left] = this.#left;
    if (left === undefined) return;
    const names = this.#known.map((name) => `--${name}`);
    const near = nearestName(left.split('=', 1)[0] ?? left, names);
    const mend = near === undefined ? `it takes ${names.join(', ')}` : `did you mean ${near}?`;
    throw new ConfigError('command line', left, 'is not an option', mend);
  }

  /** Takes an option out, with what is behind its `=`, and tells where it was. */
  #take(name: string): { readonly at: number; readonly value: string | undefined } | undefined {
    if (!this.#known.includes(name)) this.#known.push(name);
    const option = `--${name}`;
    const at = this.#left.findIndex((arg) => arg === option || arg.startsWith(`${option}=`));
    if (at < 0) return undefined;
    const [arg = ''] = this.#left.splice(at, 1);
    return { at, value: arg === option ? undefined : arg.slice(option.length + 1) };
  }
}
