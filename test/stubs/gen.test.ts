import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { generate } from '@micromesh/generator';
import { expect, it } from 'vitest';

const here = fileURLToPath(new URL('.', import.meta.url));

async function contents(folder: string): Promise<Record<string, string>> {
  const files = await readdir(folder);
  const texts = await Promise.all(files.map((name) => readFile(join(folder, name), 'utf8')));
  return Object.fromEntries(files.map((name, index) => [name, texts[index] ?? '']));
}

it('gen is what the generator makes of probe.proto', async () => {
  const out = await mkdtemp(join(tmpdir(), 'micromesh-probe-'));
  try {
    await generate({ inputs: [join(here, 'probe.proto')], out });
    expect(await contents(join(here, 'gen'))).toEqual(await contents(out));
  } finally {
    await rm(out, { recursive: true, force: true });
  }
});
