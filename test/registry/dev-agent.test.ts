import { freePort } from '@micromesh/cli/stage';
import { consul, embedded, startDevAgent } from '@micromesh/registry';
import { describeRegistry } from './conformance.js';

describeRegistry('the dev agent', async () => {
  const agent = await startDevAgent({ port: 0 });
  return { open: () => consul({ address: agent.address, env: {} }), stop: () => agent.stop() };
});

describeRegistry('embedded', async () => {
  const port = await freePort();
  // The agent is a process of its own, which ends by itself.
  return { open: () => embedded({ port, idleMs: 10_000, env: {} }), stop: async () => {} };
});
