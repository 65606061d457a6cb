import { EventEmitter } from 'node:events';
import { type CommandIo, run } from '@micromesh/cli';

class Captured extends EventEmitter {
  text = '';
  write(text: string): boolean {
    this.text += text;
    return true;
  }
}

/** Runs the command `micromesh` in this process. */
export async function micromesh(registry: string, ...args: readonly string[]) {
  const stdout = new Captured();
  const stderr = new Captured();
  const io: CommandIo = { stdin: process.stdin, stdout, stderr, env: { MICROMESH_REGISTRY: registry } };
  const status = await run(args, io);
  return { status, stdout: stdout.text, stderr: stderr.text };
}
