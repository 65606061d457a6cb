import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { cachedConsulPath, findConsul } from './find-consul.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'find-consul-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function binary(path: string, says: string): string {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, `#!/bin/sh\necho '${says}'\n`);
  chmodSync(path, 0o755);
  return path;
}

function env(more: Record<string, string> = {}) {
  return { PATH: join(folder, 'bin'), XDG_CACHE_HOME: join(folder, 'cache'), ...more };
}

describe('finding a Consul', () => {
  it('prefers MICROMESH_CONSUL_BIN, then PATH, then the cache', async () => {
    const cached = binary(cachedConsulPath(env()), 'Consul v1.8.7');
    expect(await findConsul({ env: env() })).toEqual({ path: cached, version: '1.8.7' });
    const onPath = binary(join(folder, 'bin', 'consul'), 'Consul v1.20.1');
    expect(await findConsul({ env: env() })).toEqual({ path: onPath, version: '1.20.1' });
    const named = binary(join(folder, 'mine'), 'Consul v1.22.0+ent');
    expect(await findConsul({ env: env({ MICROMESH_CONSUL_BIN: named }) })).toEqual({
      path: named,
      version: '1.22.0+ent',
    });
  });

  it('passes over a file of that name which is no Consul, and says so', async () => {
    binary(join(folder, 'bin', 'consul'), 'another program');
    const cached = binary(cachedConsulPath(env()), 'Consul v1.8.7');
    const lines: string[] = [];
    const found = await findConsul({ env: env(), onProgress: (line) => lines.push(line) });
    expect(found?.path).toBe(cached);
    expect(lines).toEqual([expect.stringContaining('says "another program')]);
  });

  it('refuses a MICROMESH_CONSUL_BIN that does not run, rather than taking another', async () => {
    binary(cachedConsulPath(env()), 'Consul v1.8.7');
    await expect(findConsul({ env: env({ MICROMESH_CONSUL_BIN: join(folder, 'none') }) })).rejects.toThrow(
      /MICROMESH_CONSUL_BIN: ".*none" does not run as Consul .*; give the path of a consul binary, or unset it/,
    );
  });

  it('is undefined where there is none', async () => {
    expect(await findConsul({ env: env() })).toBeUndefined();
  });
});
