import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { RegistryError } from '../registry.js';
import { TokenSource } from './token-source.js';

describe('TokenSource', () => {
  it('asks a function once, until its token is refused', async () => {
    let asked = 0;
    const source = new TokenSource(() => `token-${++asked}`, undefined);
    expect([await source.get(), await source.get()]).toEqual(['token-1', 'token-1']);
    expect(await source.renew('token-1')).toBe(true);
    expect(await source.get()).toBe('token-2');
    expect(asked).toBe(2);
  });

  it('asks once when several requests are refused with one token', async () => {
    let asked = 0;
    const source = new TokenSource(async () => `token-${++asked}`, undefined);
    await source.get();
    expect(await Promise.all([source.renew('token-1'), source.renew('token-1')])).toEqual([true, true]);
    expect(await source.renew('token-1')).toBe(true);
    expect(asked).toBe(2);
  });

  it('says when there is no other token', async () => {
    expect(await new TokenSource('only', undefined).renew('only')).toBe(false);
    expect(await new TokenSource(undefined, undefined).renew(undefined)).toBe(false);
  });

  it('reads a file again', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'micromesh-token-'));
    const file = join(folder, 'token');
    writeFileSync(file, 'old\n');
    const source = new TokenSource(undefined, file);
    expect(await source.get()).toBe('old');
    writeFileSync(file, 'new\n');
    expect(await source.renew('old')).toBe(true);
    expect(await source.get()).toBe('new');
    rmSync(folder, { recursive: true });
  });

  it('fails with words when the token cannot be read, and tries again the next time', async () => {
    let broken = true;
    const source = new TokenSource(() => {
      if (broken) throw new Error('vault is sealed');
      return 'token';
    }, undefined);
    await expect(source.get()).rejects.toThrow(RegistryError);
    await expect(source.get()).rejects.toThrow('the Consul token cannot be read: vault is sealed');
    broken = false;
    expect(await source.get()).toBe('token');
  });
});
