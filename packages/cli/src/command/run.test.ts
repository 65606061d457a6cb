import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { NO_CONSUL_MESSAGE } from '../stage/index.js';
import type { CommandIo, Output } from './io.js';
import { run } from './run.js';

class Captured implements Output {
  text = '';
  readonly listeners: ((error: Error) => void)[] = [];
  write(text: string) {
    this.text += text;
  }
  on(event: 'error' | 'resize', listener: (error: Error) => void) {
    if (event === 'error') this.listeners.push(listener);
  }
  off() {}
}

/** Its reader has gone: `micromesh --help | head -1`. */
class Closed extends Captured {
  override write(): void {
    const error = Object.assign(new Error('write EPIPE'), { code: 'EPIPE' });
    if (this.listeners.length === 0) throw error;
    for (const listener of this.listeners) listener(error);
  }
}

async function micromesh(...args: string[]) {
  // Without a PATH and in an empty cache folder there is no Consul.
  const env = { PATH: '', XDG_CACHE_HOME: '/nowhere' };
  const stdout = new Captured();
  const stderr = new Captured();
  const io: CommandIo = { stdin: process.stdin, stdout, stderr, env };
  const status = await run(args, io);
  return { status, stdout: stdout.text, stderr: stderr.text };
}

describe('micromesh', () => {
  test('prints its version', async () => {
    const { status, stdout } = await micromesh('--version');
    expect(status).toBe(0);
    expect(stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  });

  test('does not mind that nobody reads on', async () => {
    const stdout = new Closed();
    const io: CommandIo = { stdin: process.stdin, stdout, stderr: new Captured(), env: {} };
    expect(await run(['--help'], io)).toBe(0);
  });

  test.each([
    [],
    ['demo'],
    ['nodes'],
    ['nodes', 'eject'],
    ['nodes', 'restore'],
    ['explain'],
    ['generate'],
    ['consul'],
    ['validate'],
    ['apply'],
    ['get'],
    ['delete'],
    ['diff'],
    ['history'],
    ['rollback'],
  ])('%s --help has an example and goes to stdout', async (...command) => {
    const { status, stdout, stderr } = await micromesh(...command, '--help');
    expect(status).toBe(0);
    expect(stdout).toMatch(/Examples?:\n {2}\$ .*micromesh/);
    expect(stderr).toBe('');
  });

  test.each<[string, string[], string]>([
    ['an unknown command', ['dmo'], "unknown command 'dmo'\n(Did you mean demo?)"],
    [
      'an unknown option',
      ['demo', '--scenari', 'kill'],
      '(Did you mean --scenario?)\n(micromesh demo --help',
    ],
    ['an option that resembles none', ['demo', '--bogus'], "'--bogus'\n(micromesh demo --help shows"],
    ['an unknown option before what is missing', ['generate', 'proto', '--bogus'], "option '--bogus'"],
    [
      'an input that is not there',
      ['generate', '/nowhere', '--out', '/nowhere/out'],
      '/nowhere: no such file',
    ],
    ['an unknown scenario', ['demo', '--scenario', 'kil'], 'Did you mean kill?'],
    ['a scenario that resembles none', ['demo', '--scenario', 'x'], 'It takes kill, restart, '],
    ['a number that is none', ['demo', '--nodes', 'three'], 'It takes a whole number from 1 to'],
    ['a number out of range', ['demo', '--rps', '0'], 'It takes a whole number from 1 to'],
    ['an option of scenarios without one', ['demo', '--json'], 'belongs to --scenario'],
    [
      'an option of the live demo in a scenario',
      ['demo', '--scenario', 'kill', '--port', '1'],
      'does not go with',
    ],
    ['a scenario that leaves no node', ['demo', '--scenario', 'kill', '--nodes', '1'], 'give 2 or more'],
    [
      'an agent of others in a scenario',
      ['demo', '--scenario', 'kill', '--registry', 'consul://x'],
      'embedded or consul',
    ],
    [
      'a cluster without servers',
      ['demo', '--scenario', 'leader', '--registry', 'embedded'],
      'a dev agent has no leader',
    ],
    [
      'a rate where callers set the pace',
      ['demo', '--scenario', 'flaky', '--rps', '9'],
      'whose callers set the pace',
    ],
    [
      'a bound of retries without a scenario',
      ['demo', '--max-concurrent-retries', '3'],
      "'--max-concurrent-retries' belongs to --scenario",
    ],
    ['an excess argument', ['demo', 'kill'], 'too many arguments'],
    ['nodes of no service', ['nodes'], "missing required argument 'service'\n(micromesh nodes --help"],
    ['a service that is none', ['nodes', 'hello?zone=a'], 'has zone=a, which is none of'],
    [
      'a registry of another process',
      ['nodes', 'hello', '--registry', 'memory:'],
      'inside of another process',
    ],
    ['a registry that is none', ['nodes', 'hello', '--registry', 'x'], 'is no registry'],
    ['a client that is no address', ['nodes', 'hello', '--client', 'x'], '--client: "x" is no address'],
    [
      'an ejection of nothing',
      ['nodes', 'eject', 'hello'],
      "missing required argument 'node'\n(micromesh nodes eject --help",
    ],
    ['an ejection without an end', ['nodes', 'eject', 'hello', 'a', '--why', 'x'], "'--for <duration>'"],
    ['an ejection without a reason', ['nodes', 'eject', 'hello', 'a', '--for', '1m'], "'--why <text>'"],
    [
      'an ejection for no time',
      ['nodes', 'eject', 'hello', 'a', '--for', '10', '--why', 'x'],
      '--for: "10" is no duration; write e.g. 90s',
    ],
    [
      'a reason that says nothing',
      ['nodes', 'eject', 'hello', 'a', '--for', '1m', '--why', ' ', '--registry', 'consul://127.0.0.1:1'],
      'why: " " is empty',
    ],
    [
      'an ejection where nothing can be written',
      ['nodes', 'eject', 'hello', 'a', '--for', '1m', '--why', 'x', '--registry', 'static:hello=127.0.0.1:1'],
      'holds no keys and values',
    ],
    ['policies at no path', ['validate', '/nowhere'], 'PATH: "/nowhere" cannot be read'],
    [
      'policies in a folder without any',
      ['validate', import.meta.dirname],
      'has no .yaml, .yml or .json file in it',
    ],
    ['an apply of nothing', ['apply'], "required option '-f, --filename <paths...>'"],
    ['a diff of nothing', ['diff'], "required option '-f, --filename <paths...>'"],
    [
      'a kind that is none',
      ['get', 'Virtualservce'],
      'KIND: "Virtualservce" is no kind that is applied; did you mean VirtualService?',
    ],
    ['a format that is none', ['get', '-o', 'xml'], 'It takes yaml, json.'],
    ['a version that is none', ['rollback', 'last'], 'VERSION: "last" is no version'],
    ['somebody without a name', ['delete', 'vs', 'a', '--as', ' '], 'who: " " is empty'],
    [
      'policies where nothing can be written',
      ['history', '--registry', 'static:hello=127.0.0.1:1'],
      'holds no keys and values, where policies are',
    ],
    ['no output folder', ['generate', 'proto'], "required option '--out <folder>'"],
  ])('exits 2 at %s, and says what to do', async (_, args, message) => {
    const { status, stdout, stderr } = await micromesh(...args);
    expect(status).toBe(2);
    expect(stderr).toContain(message);
    expect(stdout).toBe('');
  });

  test('exits 2 without a Consul, with the command that installs one', async () => {
    const { status, stderr } = await micromesh('demo', '--scenario', 'kill', '--registry', 'consul');
    expect(status).toBe(2);
    expect(stderr).toContain('micromesh consul --install');
  });
});

describe('micromesh consul', () => {
  test('prints the path of the binary alone', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'micromesh-run-'));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    const binary = join(folder, 'consul');
    writeFileSync(binary, '#!/bin/sh\necho "Consul v1.8.7"\n');
    chmodSync(binary, 0o755);
    const stdout = new Captured();
    const stderr = new Captured();
    const io = { stdin: process.stdin, stdout, stderr, env: { PATH: folder, XDG_CACHE_HOME: folder } };
    expect(await run(['consul'], io)).toBe(0);
    expect({ stdout: stdout.text, stderr: stderr.text }).toEqual({ stdout: `${binary}\n`, stderr: '' });
  });

  test('says with status 2 how to get one', async () => {
    const { status, stdout, stderr } = await micromesh('consul');
    expect({ status, stdout, stderr }).toEqual({ status: 2, stdout: '', stderr: `${NO_CONSUL_MESSAGE}\n` });
  });

  test('refuses what it does not know', async () => {
    const { status, stderr } = await micromesh('consul', '--instal');
    expect(status).toBe(2);
    expect(stderr).toContain('--install');
  });

  test('refuses a binary that does not run', async () => {
    const stderr = new Captured();
    const env = { MICROMESH_CONSUL_BIN: '/none' };
    expect(await run(['consul'], { stdin: process.stdin, stdout: new Captured(), stderr, env })).toBe(2);
    expect(stderr.text).toContain('MICROMESH_CONSUL_BIN');
  });
});
