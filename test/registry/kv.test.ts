import { freePort } from '@micromesh/cli/stage';
import { consul, embedded, memory, startDevAgent, staticRegistry } from '@micromesh/registry';
import { expect, it } from 'vitest';
import { describeKeyValues } from './kv-conformance.js';

describeKeyValues('memory', async () => ({
  open: () => memory({ name: 'kv-conformance' }),
  stop: async () => {},
}));

describeKeyValues('the dev agent', async () => {
  const agent = await startDevAgent({ port: 0 });
  return { open: () => consul({ address: agent.address, env: {} }), stop: () => agent.stop() };
});

describeKeyValues('embedded', async () => {
  const port = await freePort();
  // The agent is a process of its own, which ends by itself.
  return { open: () => embedded({ port, idleMs: 10_000, env: {} }), stop: async () => {} };
});

it('a list of addresses has no keys and values', async () => {
  const registry = staticRegistry({ hello: ['127.0.0.1:1'] });
  expect(registry.keyValues).toBeUndefined();
  await registry.close();
});
