import type { Logger } from '@micromesh/core';

/** Puts the same fields on each line. */
export class CallLogger implements Logger {
  readonly #logger: Logger;
  readonly #fields: object;

  constructor(logger: Logger, fields: object) {
    this.#logger = logger;
    this.#fields = fields;
  }

  debug(fields: object, message: string): void {
    this.#logger.debug({ ...this.#fields, ...fields }, message);
  }

  info(fields: object, message: string): void {
    this.#logger.info({ ...this.#fields, ...fields }, message);
  }

  warn(fields: object, message: string): void {
    this.#logger.warn({ ...this.#fields, ...fields }, message);
  }

  error(fields: object, message: string): void {
    this.#logger.error({ ...this.#fields, ...fields }, message);
  }
}
