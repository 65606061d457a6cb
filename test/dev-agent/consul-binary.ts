import { type FoundConsul, findConsul } from '@micromesh/cli/stage';

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

/** The version whose behaviour the dev agent has; newer ones differ in texts and codes. */
const COMPARED = '1.8.';

/** The path of a Consul that the dev agent can be compared with. */
export async function consulToCompareWith(): Promise<string | undefined> {
  const found = await consulForTests();
  if (found === undefined || found.version.startsWith(COMPARED)) return found?.path;
  const reason = `the dev agent is compared with Consul ${COMPARED}x; ${found.path} is ${found.version}`;
  if (process.env.CI === 'true') throw new Error(`${reason}; set MICROMESH_CONSUL_BIN to one`);
  process.stderr.write(`SKIPPED: ${reason}\n`);
  return undefined;
}
