import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ConfigError, silentLogger } from '@micromesh/core';
import { FakeClock } from '@micromesh/core/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { PolicySource, PolicyWord } from '../policy-source.js';
import { folder } from './folder.js';

const POLL_MS = 5_000;

let root: string;
let path: string;
let clock: FakeClock;
let sources: PolicySource[];

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'micromesh-folder-'));
  path = join(root, 'policies');
  clock = new FakeClock();
  sources = [];
});

afterEach(() => {
  for (const source of sources) source.close();
  expect(clock.pendingTimers).toBe(0);
  rmSync(root, { recursive: true, force: true });
});

async function open(): Promise<PolicyWord[]> {
  const source = await folder(path).open({ clock, logger: silentLogger, keyValues: undefined });
  sources.push(source);
  const words: PolicyWord[] = [];
  source.watch((word) => words.push(word));
  return words;
}

function service(name: string, timeout = '1s'): string {
  return `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: ${name} }
spec:
  hosts: [${name}]
  http: [{ timeout: ${timeout}, route: [{ destination: { host: ${name} } }] }]
`;
}

function write(file: string, text: string): void {
  const full = join(path, file);
  mkdirSync(join(full, '..'), { recursive: true });
  writeFileSync(full, text);
}

function shown(word: PolicyWord | undefined): string {
  if (word === undefined) return 'nothing';
  if (word.kind === 'good') return `good ${word.resources.map(({ name }) => name).join()}`;
  return word.kind === 'bad' ? `bad ${word.problems.map(({ message }) => message).join()}` : 'unknown';
}

/** Time passes until the last word is this. */
async function lastBecomes(words: readonly PolicyWord[], wanted: string | RegExp): Promise<void> {
  const look = async () => {
    await clock.advance(100);
    return shown(words.at(-1));
  };
  await expect
    .poll(look, { interval: 2 })
    .toMatch(wanted instanceof RegExp ? wanted : new RegExp(`^${wanted}$`));
}

describe('a folder of policies', () => {
  it('is every file of YAML or JSON below it, but for hidden ones and leftovers', async () => {
    write('b.yaml', service('b'));
    write('deep/er/a.yml', service('a'));
    write(
      'c.JSON',
      '{"apiVersion":"networking.istio.io/v1","kind":"DestinationRule","metadata":{"name":"c"},"spec":{"host":"c","subsets":[{"name":"v1","labels":{"version":"1"}}]}}',
    );
    for (const name of [
      '.hidden.yaml',
      '#b.yaml#',
      '#x.yaml',
      '~b.yaml',
      'b.yaml~',
      'b.yaml.swp',
      'b.txt',
      '.git/x.yaml',
    ]) {
      write(name, 'not: [a, policy');
    }
    const words = await open();
    await lastBecomes(words, 'good b,c,a');
    const [word] = words;
    expect(word).toMatchObject({
      kind: 'good',
      version: expect.stringMatching(/^[0-9a-f]{12}$/),
      problems: [],
    });
    expect(word?.kind === 'good' && word.resources[0]?.document.file).toBe(join(path, 'b.yaml'));
  });

  it('has another version when a text changes, and no word when none does', async () => {
    write('a.yaml', service('a'));
    const words = await open();
    await lastBecomes(words, 'good a');
    write('a.yaml', service('a', '2s'));
    await expect
      .poll(async () => [await clock.advance(100), words.length], { interval: 2 })
      .toEqual([undefined, 2]);
    const versions = words.map((word) => word.kind === 'good' && word.version);
    expect(versions[0]).not.toBe(versions[1]);
    write('a.yaml', service('a', '2s'));
    write('beside.txt', 'x');
    await clock.advance(10 * POLL_MS);
    write('b.yaml', service('b'));
    await lastBecomes(words, 'good a,b');
    expect(words).toHaveLength(3);
  });

  it('has the same version wherever it is', async () => {
    write('a.yaml', service('a'));
    const words = await open();
    await lastBecomes(words, 'good a');
    renameSync(path, join(root, 'elsewhere'));
    path = join(root, 'elsewhere');
    const others = await open();
    await lastBecomes(others, 'good a');
    expect(others[0]?.kind === 'good' && others[0].version).toBe(
      words[0]?.kind === 'good' && words[0].version,
    );
  });

  it('is applied as a whole or not at all', async () => {
    write('a.yaml', service('a'));
    const words = await open();
    await lastBecomes(words, 'good a');
    write('b.yaml', service('b', 'soon'));
    await lastBecomes(words, /^bad .*soon/);
    const bad = words.at(-1);
    expect(bad?.kind === 'bad' && bad.problems[0]).toMatchObject({
      file: join(path, 'b.yaml'),
      line: 6,
      severity: 'error',
    });
    write('b.yaml', service('b'));
    await lastBecomes(words, 'good a,b');
  });

  it('takes a file that is renamed over another', async () => {
    write('a.yaml', service('a'));
    const words = await open();
    await lastBecomes(words, 'good a');
    writeFileSync(join(root, 'new'), service('b'));
    renameSync(join(root, 'new'), join(path, 'a.yaml'));
    await lastBecomes(words, 'good b');
  });

  it("follows the links of Kubernetes' ConfigMaps when they are swapped", async () => {
    write('..1/a.yaml', service('a'));
    symlinkSync('..1', join(path, '..data'));
    symlinkSync('..data/a.yaml', join(path, 'a.yaml'));
    const words = await open();
    await lastBecomes(words, 'good a');
    write('..2/a.yaml', service('b'));
    symlinkSync('..2', join(path, '..next'));
    renameSync(join(path, '..next'), join(path, '..data'));
    await lastBecomes(words, 'good b');
    expect(words).toHaveLength(2);
  });

  it('may be a link itself that is swapped', async () => {
    for (const name of ['one', 'two']) {
      mkdirSync(join(root, name));
      writeFileSync(join(root, name, 'a.yaml'), service(name));
    }
    symlinkSync('one', path);
    const words = await open();
    await lastBecomes(words, 'good one');
    symlinkSync('two', join(root, 'next'));
    renameSync(join(root, 'next'), path);
    await lastBecomes(words, 'good two');
    writeFileSync(join(root, 'two', 'b.yaml'), service('b'));
    await lastBecomes(words, 'good two,b');
  });

  it('may appear later, go away, and come again', async () => {
    const words = await open();
    await lastBecomes(words, 'unknown');
    expect(words.at(-1)).toEqual({ kind: 'unknown', error: `${path}: there is no such folder or file` });
    write('deep/a.yaml', service('a'));
    await lastBecomes(words, 'good a');
    rmSync(path, { recursive: true });
    await lastBecomes(words, 'unknown');
    write('deep/a.yaml', service('a'));
    await lastBecomes(words, 'good a');
    write('deep/a.yaml', service('b'));
    await lastBecomes(words, 'good b');
  });

  it('that is empty says that there are no policies', async () => {
    write('a.yaml', service('a'));
    const words = await open();
    await lastBecomes(words, 'good a');
    unlinkSync(join(path, 'a.yaml'));
    await lastBecomes(words, 'good ');
  });

  it('is not gone round in circles, and names links to nothing', async () => {
    write('a.yaml', service('a'));
    symlinkSync('.', join(path, 'again'));
    const words = await open();
    await lastBecomes(words, 'good a');
    symlinkSync('nowhere', join(path, 'b.yaml'));
    await lastBecomes(words, /^bad the file is not read: ENOENT/);
  });

  it('is seen by looking where the file system tells nothing', async () => {
    write('a.yaml', service('a'));
    write('..1/b.yaml', service('b'));
    // In a hidden folder, which nobody watches.
    symlinkSync('..1/b.yaml', join(path, 'b.yaml'));
    const words = await open();
    await lastBecomes(words, 'good a,b');
    write('..1/b.yaml', service('c'));
    await lastBecomes(words, 'good a,c');
  });

  it('may be one file', async () => {
    path = join(root, 'all.policies');
    writeFileSync(path, service('a'));
    const words = await open();
    await lastBecomes(words, 'good a');
    writeFileSync(path, service('b'));
    await lastBecomes(words, 'good b');
  });

  it('tells who comes later what was said last, and nobody after it was closed', async () => {
    write('a.yaml', service('a'));
    const words = await open();
    await lastBecomes(words, 'good a');
    const later: PolicyWord[] = [];
    const forget = sources[0]?.watch((word) => later.push(word));
    expect(later).toEqual(words);
    forget?.();
    write('b.yaml', service('b'));
    await lastBecomes(words, 'good a,b');
    expect(later).toHaveLength(1);
    sources[0]?.close();
    write('c.yaml', service('c'));
    await clock.advance(10 * POLL_MS);
    expect(words).toHaveLength(2);
  });

  it.each([
    ['', {}, /folder: "" is no path/],
    ['x', Object.assign({ pollms: 1 }), /did you mean pollMs/],
    ['x', { debounceMs: 0 }, /folder.debounceMs/],
  ])('refuses %j with %j', (name, options, message) => {
    expect(() => folder(name, options)).toThrow(ConfigError);
    expect(() => folder(name, options)).toThrow(message);
  });
});
