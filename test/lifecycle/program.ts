import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';

/** What came of a program. */
export interface Ended {
  /** What it printed, `done` lines left out. */
  readonly output: string;
  /** Whether it lived no longer after it had called `done()` than a process takes to end. */
  readonly endedSoon: boolean;
  readonly status: number | null;
  readonly errors: string;
}

/** Long enough for a busy machine, and shorter than any of the mesh's own times. */
const SOON_MS = 900;
const TRIES = 3;

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
    endedSoon: Date.now() - doneAt < SOON_MS,
    status,
  };
}

/** Runs a program; again where it lingers: the machine may have held up one, and what holds a program holds each. */
export async function runUntilSoon(script: string): Promise<Ended> {
  let ended = await run(script);
  for (let tries = 1; tries < TRIES && !ended.endedSoon; tries++) ended = await run(script);
  return ended;
}
