import { EventEmitter } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { run } from '../command/run.js';

class Captured extends EventEmitter {
  text = '';
  write(text: string): void {
    this.text += text;
  }
}

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'micromesh-validate-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

async function validate(...args: readonly string[]) {
  const [stdout, stderr] = [new Captured(), new Captured()];
  const status = await run(['validate', folder, ...args], { stdin: process.stdin, stdout, stderr, env: {} });
  return { status, stdout: stdout.text, stderr: stderr.text };
}

function write(file: string, timeout: string, subset = ''): void {
  writeFileSync(
    join(folder, file),
    `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: hello }
spec: { hosts: [hello], http: [{ timeout: ${timeout}, route: [{ destination: { host: hello${subset} } }] }] }
`,
  );
}

it('says that nothing is wrong', async () => {
  write('a.yaml', '1s');
  const stdout = '1 resource in 1 file: nothing is wrong\n';
  expect(await validate('--strict')).toEqual({ status: 0, stdout, stderr: '' });
});

it('names each problem with its place, in one table', async () => {
  write('a.yaml', 'soon');
  writeFileSync(join(folder, 'b.yaml'), 'kind: [');
  const { status, stdout } = await validate();
  expect(status).toBe(1);
  const lines = stdout.split('\n');
  const text = stdout.replaceAll(`${folder}/`, '');
  expect(text).toMatch(/\nb\.yaml:1:8 {3}error {4}YAML: /);
  expect(text).toMatch(/^a\.yaml:4:34 {2}error {4}spec\.http\[0\]\.timeout: "soon" is no duration/);
  expect(lines.at(-2)).toMatch(/in 2 files: \d errors, 0 warnings; nothing of it is applied$/);
});

it('takes warnings as errors only where it is told to', async () => {
  write('a.yaml', '1s', ', subset: v1');
  expect((await validate()).status).toBe(0);
  expect((await validate()).stdout).toContain('0 errors, 1 warning\n');
  expect((await validate('--strict')).status).toBe(1);
  const { status, stdout } = await validate('--json');
  expect(status).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({
    files: 1,
    resources: 1,
    errors: 0,
    warnings: 1,
    problems: [{ file: join(folder, 'a.yaml'), line: 4, severity: 'warning' }],
  });
});
