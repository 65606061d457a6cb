import { execFile } from 'node:child_process';

/** How {@link runCommand} runs a program. */
export interface RunCommandOptions {
  /** Where; default: the current folder. */
  readonly cwd?: string;
  /** Killed after this time, in ms. */
  readonly timeoutMs: number;
}

/**
 * Runs a program to its end and gives its standard output.
 *
 * @throws Error when it cannot be started, ends with another status than 0, or takes too long; the message has the end of its error output.
 */
export function runCommand(
  file: string,
  args: readonly string[],
  { cwd, timeoutMs }: RunCommandOptions,
): Promise<string> {
  return new Promise((resolve, reject) => {
    const options = { timeout: timeoutMs, killSignal: 'SIGKILL', maxBuffer: 4 * 1024 * 1024 } as const;
    execFile(file, args, cwd === undefined ? options : { ...options, cwd }, (error, stdout, stderr) => {
      if (error === null) {
        resolve(stdout);
        return;
      }
      const cause = error.killed
        ? `did not end within ${timeoutMs} ms`
        : lastLines(stderr.trim() || error.message);
      reject(new Error(`${file} ${args.at(0) ?? ''}: ${cause}`, { cause: error }));
    });
  });
}

function lastLines(text: string): string {
  return text.split('\n').slice(-3).join(' | ');
}
