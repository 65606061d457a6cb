import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CommandIo, Output } from '../../command/io.js';
import { run } from '../../command/run.js';

class Captured implements Output {
  text = '';
  write(text: string) {
    this.text += text;
  }
  on() {}
  off() {}
}

/** What `micromesh explain` came to. */
export interface Ended {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** `micromesh explain`, with a folder of policies of its own: `hello.yaml`. */
export class ExplainCommand {
  readonly folder = mkdtempSync(join(tmpdir(), 'micromesh-explain-'));

  write(...texts: readonly string[]): void {
    writeFileSync(join(this.folder, 'hello.yaml'), texts.join('---\n'));
  }

  async run(...args: readonly string[]): Promise<Ended> {
    const [stdout, stderr] = [new Captured(), new Captured()];
    const io: CommandIo = { stdin: process.stdin, stdout, stderr, env: {} };
    const status = await run(['explain', ...args], io);
    return { status, stdout: stdout.text, stderr: stderr.text };
  }

  /** With its policies. */
  runUnder(...args: readonly string[]): Promise<Ended> {
    return this.run(...args, '--policies', this.folder);
  }

  end(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
