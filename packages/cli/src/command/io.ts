/** Where a command writes. Node's `process.stdout` fits. */
export interface Output {
  write(text: string): unknown;
  /** Whether a person reads along. */
  readonly isTTY?: boolean;
  readonly columns?: number;
  readonly rows?: number;
  on(event: 'error' | 'resize', listener: (error: Error) => void): unknown;
  off(event: 'error' | 'resize', listener: (error: Error) => void): unknown;
}

/** What a command is given of its process, so that tests can give it something else. */
export interface CommandIo {
  readonly stdin: NodeJS.ReadStream;
  /** The result, and nothing else. */
  readonly stdout: Output;
  /** Messages and progress. */
  readonly stderr: Output;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** The process's own input, outputs and environment. */
export function processIo(): CommandIo {
  const { stdin, stdout, stderr, env } = process;
  return { stdin, stdout, stderr, env };
}
