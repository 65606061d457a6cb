import { cp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { generate } from '@micromesh/generator';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { makeProject, ROOT } from './fixture.js';

// The same as `npm run generate` at the root.
const COMMITTED = [
  { inputs: ['proto/hello'], out: 'services/hello/src/gen' },
  { inputs: ['proto'], out: 'services/user/src/gen' },
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
