import { type FoundConsul, findConsul } from '@micromesh/cli/consul';

/**
 * The Consul that tests run against, installed where there is none. Where that fails, tests that need it are skipped, loudly;
 * with `CI=true` they fail.
 */
export async function consulForTests(): Promise<FoundConsul | undefined> {
  const progress: string[] = [];
  try {
    return await findConsul({ env: process.env, install: true, onProgress: (line) => progress.push(line) });
  } catch (error) {
    if (process.env.CI === 'true') throw error;
    process.stderr.write(`SKIPPED: tests against a real Consul\n${progress.join('\n')}\n${String(error)}\n`);
    return undefined;
  }
}
