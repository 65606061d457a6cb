import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { output, run } from './run.js';

vi.setConfig({ testTimeout: 180_000 });

/** What an import may change in a process, besides what it prints. */
const STATE = `
// Node itself opens them at some point.
process.stdout; process.stderr;
const state = () => JSON.stringify({
  // Without what Node's own loader still has to end: closing of files that it has read.
  resources: process.getActiveResourcesInfo().filter((name) => !name.includes('Req')).sort(),
  listeners: process.eventNames().map((name) => [String(name), process.listenerCount(name)]),
  globals: Object.getOwnPropertyNames(globalThis),
  env: process.env,
  title: process.title,
  exitCode: process.exitCode,
});
`;

/** Without a timer or a socket: 1 ms; the rest is for a busy machine. */
const LINGER_MS = 300;

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'micromesh-require-'));
  await symlink(fileURLToPath(new URL('../../node_modules', import.meta.url)), join(folder, 'node_modules'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function program(name: string, code: string): Promise<string> {
  await writeFile(join(folder, name), code);
  return name;
}

describe.each(['micromesh', 'micromesh/gateway', 'micromesh/testing'])('%s', (specifier) => {
  it('gives the same names to `require` as to `import`, and the same things', async () => {
    const file = await program(
      'same.cjs',
      `const required = require('${specifier}');
       import('${specifier}').then((imported) => {
         console.log(JSON.stringify([Object.keys(required), Object.keys(imported)]));
         console.log(Object.keys(required).every((name) => required[name] === imported[name]));
       });`,
    );
    const [names = '', same] = (await output(process.execPath, [file], folder)).split('\n');
    const [required, imported] = JSON.parse(names);
    expect(required).toEqual(imported);
    expect(required.sort()).toEqual(Object.keys(await import(specifier)).sort());
    expect(same).toBe('true');
  });

  it.each([
    ['require', 'cjs', `const all = require('${specifier}');`],
    ['import', 'mjs', `import * as all from '${specifier}';`],
  ])(
    'comes by `%s` without a word, a warning, or anything that holds the process',
    async (_, extension, load) => {
      const file = await program(
        `load.${extension}`,
        `${load}\nif (Object.keys(all).length === 0) throw all;`,
      );
      expect(await run(process.execPath, ['--pending-deprecation', file], folder)).toEqual({
        status: 0,
        stdout: '',
        stderr: '',
      });
    },
  );

  it.each([
    ['require', 'cjs', `require('${specifier}');`],
    ['import', 'mjs', `await import('${specifier}');`],
  ])('leaves the process as it was when it comes by `%s`', async (_, extension, load) => {
    const file = await program(
      `state.${extension}`,
      `${STATE}
       const before = state();
       ${load}
       const after = state();
       const ready = performance.now();
       process.once('exit', () => console.log([before, after, performance.now() - ready].join('\\n')));`,
    );
    const lingered: number[] = [];
    // The machine may hold up one; what holds a process holds each.
    for (let tries = 0; tries < 3 && !(Math.min(...lingered) < LINGER_MS); tries++) {
      const printed = await output(process.execPath, [file], folder);
      const [before = '', after = '', lingeredMs] = printed.split('\n');
      expect(JSON.parse(after)).toEqual(JSON.parse(before));
      lingered.push(Number(lingeredMs));
    }
    expect(Math.min(...lingered), String(lingered)).toBeLessThan(LINGER_MS);
  });
});
