import { cp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { generate } from '@micromesh/generator';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { makeProject, ROOT } from './fixture.js';

// Each generation is two processes, and other tests run beside.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

// The same as `npm run generate` at the root.
const COMMITTED = [
  { inputs: ['proto/hello'], out: 'services/hello/src/gen' },
  { inputs: ['proto/hello', 'proto/user'], out: 'services/user/src/gen' },
  { inputs: ['proto/micromesh'], out: 'packages/server/src/gen' },
];

describe('the generated code in the tree', () => {
  let project: Awaited<ReturnType<typeof makeProject>>;
  beforeEach(async () => {
    project = await makeProject();
  });
  afterEach(() => project.remove());

  it.each(COMMITTED)('$out is what $inputs gives', async ({ inputs, out }) => {
    const copy = join(project.folder, 'gen');
    await rm(copy, { recursive: true, force: true });
    await cp(join(ROOT, out), copy, { recursive: true });
    const { written, removed } = await generate({
      inputs: inputs.map((input) => join(ROOT, input)),
      protoPaths: [join(ROOT, 'proto')],
      out: copy,
    });
    expect({ written, removed }, 'stale: run `npm run generate`, and commit what it writes').toEqual({
      written: [],
      removed: [],
    });
  });
});
