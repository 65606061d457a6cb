import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { askJson } from './ask.js';
import { type BothAgents, startBoth } from './both-agents.js';
import { command, OBSERVED } from './commands.js';
import { consulToCompareWith } from './consul-binary.js';

/** How long random commands are tried; more finds more. */
const MODEL_MS = Number(process.env.MICROMESH_MODEL_MS ?? 5_000);

const ENOUGH = 20;

const binary = await consulToCompareWith();

describe.skipIf(binary === undefined)('the dev agent and Consul', () => {
  let both: BothAgents;
  beforeAll(async () => {
    both = await startBoth(binary ?? '');
  });
  afterAll(() => both.stop());

  it(
    'give the same answers to random commands, and the same indexes move',
    async () => {
      let compared = 0;
      const property = fc.asyncProperty(
        fc.array(command, { minLength: 1, maxLength: 25 }),
        async (commands) => {
          for (const each of commands) {
            await both.run(each);
            for (const path of OBSERVED) await both.observe(path);
            compared++;
          }
        },
      );
      const resetting = property.beforeEach(() => both.reset());
      const settings = { numRuns: 100_000, interruptAfterTimeLimit: MODEL_MS, markInterruptAsFailure: false };
      // Fewer say nothing: a machine that stands still gets more time.
      do await fc.assert(resetting, settings);
      while (compared <= ENOUGH);
      process.stderr.write(`${compared} random commands compared\n`);
    },
    MODEL_MS + 60_000,
  );

  it('let a TTL expire, with the last output in the text', async () => {
    const register = { Name: 'short', Check: { TTL: '2s', Status: 'passing' } };
    await both.run({ method: 'PUT', path: '/v1/agent/service/register', body: register });
    await expireOnBoth(both);
    await both.observe('/v1/agent/checks');
    await both.observe('/v1/health/service/short');
    await both.run({ method: 'PUT', path: '/v1/agent/check/pass/service:short?note=well' });
    await both.observe('/v1/health/service/short?passing');
    await expireOnBoth(both);
    await both.observe('/v1/agent/checks');
    await both.run({ method: 'PUT', path: '/v1/agent/service/register', body: register });
    await both.observe('/v1/agent/checks');
    await both.observe('/v1/health/service/short');
    await both.run({ method: 'PUT', path: '/v1/agent/service/deregister/short' });
  });

  it('cut long outputs and refuse long bodies', async () => {
    const body = { Name: 'long', Check: { TTL: '300s' } };
    await both.run({ method: 'PUT', path: '/v1/agent/service/register', body });
    await both.run({ method: 'PUT', path: `/v1/agent/check/warn/service:long?note=${'y'.repeat(5_000)}` });
    await both.observe('/v1/agent/checks');
    await both.run({ method: 'PUT', path: '/v1/agent/service/deregister/long' });
    await both.run({ method: 'PUT', path: '/v1/kv/long', body: 'x'.repeat(524_289) });
    await both.run({ method: 'PUT', path: '/v1/kv/long', body: 'x'.repeat(524_288) });
    await both.run({ method: 'DELETE', path: '/v1/kv/long' });
  });
});

async function expireOnBoth({ addresses }: BothAgents): Promise<void> {
  for (const address of addresses) {
    await expect
      .poll(async () => JSON.stringify(await askJson(address, '/v1/health/service/short')))
      .toContain('TTL expired');
  }
}
