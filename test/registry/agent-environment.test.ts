import { readFileSync } from 'node:fs';
import { spawnDevAgent } from '@micromesh/registry';
import { afterEach, expect, it, vi } from 'vitest';

afterEach(() => {
  vi.unstubAllEnvs();
});

it.skipIf(process.platform !== 'linux')("holds no secret of its starter's environment", async () => {
  vi.stubEnv('DATABASE_PASSWORD', 'SECRET');
  const agent = await spawnDevAgent({ port: 0, env: {} });
  const environment = readFileSync(`/proc/${agent.pid}/environ`, 'utf8');
  await agent.stop();
  expect(environment).toContain('PATH=');
  expect(environment).not.toContain('SECRET');
});
