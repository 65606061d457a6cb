import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';

/** What came of a program. */
export interface Ended {
  /** What it printed, `done` lines left out. */
  readonly output: string;
  /** How long it lived after it had called `done()`. */
  readonly lingeredMs: number;
  readonly status: number | null;
  readonly errors: string;
}

const PREAMBLE = `
import { createMesh, consul, memory } from 'micromesh';
import { HelloService, helloHandlers } from '@micromesh/service-hello';
const logger = { debug() {}, info() {}, warn() {}, error() {} };
const done = () => console.log('done at', Date.now());
`;

/** Runs a program on the built packages that has the public surface, and calls \`done()\` when it has nothing left to do. */
export async function run(script: string, nodeOptions: readonly string[] = []): Promise<Ended> {
  const child = spawn(process.execPath, [...nodeOptions, '--input-type=module', '-e', PREAMBLE + script], {
    cwd: fileURLToPath(new URL('.', import.meta.url)),
    stdio: ['ignore', 'pipe', 'pipe'],
    // Ends what does not end by itself.
    timeout: 60_000,
  });
  const [output, errors, [status]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'exit'),
  ]);
  const doneAt = Number(/done at (\d+)/.exec(output)?.[1]);
  return {
    output: output.replace(/done at \d+\n/, ''),
    errors,
    lingeredMs: Date.now() - doneAt,
    status,
  };
}
