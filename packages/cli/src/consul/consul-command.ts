import { ConfigError, messageOf } from '@micromesh/core';
import { findConsul, NO_CONSUL_MESSAGE } from './find-consul.js';

/** Where {@link runConsulCommand} writes and what it reads. */
export interface ConsulCommandIo {
  /** Default: `process.env`. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** The path goes here; default: standard output. */
  readonly print?: (line: string) => void;
  /** All else goes here; default: standard error. */
  readonly report?: (line: string) => void;
}

/**
 * `micromesh consul [--install]`: prints the path of a Consul binary.
 *
 * @returns the exit status: 0 found, 1 the installation failed, 2 none found, or a wrong argument or setting.
 */
export async function runConsulCommand(
  args: readonly string[],
  {
    env = process.env,
    print = (line) => process.stdout.write(`${line}\n`),
    report = (line) => process.stderr.write(`${line}\n`),
  }: ConsulCommandIo = {},
): Promise<number> {
  const unknown = args.find((arg) => arg !== '--install');
  if (unknown !== undefined) {
    report(`micromesh consul: ${JSON.stringify(unknown)} is not an option; it takes --install`);
    return 2;
  }
  try {
    const found = await findConsul({ env, install: args.includes('--install'), onProgress: report });
    if (found === undefined) {
      report(NO_CONSUL_MESSAGE);
      return 2;
    }
    print(found.path);
    return 0;
  } catch (error) {
    report(messageOf(error));
    return error instanceof ConfigError ? 2 : 1;
  }
}
