import { spawnDevAgent } from '@micromesh/registry';
import type { Janitor } from './janitor.js';
import type { StageRegistry } from './stage-registry.js';

/** Starts a dev agent of the stage's own. */
export async function startDevAgent(janitor: Janitor): Promise<StageRegistry> {
  const agent = await spawnDevAgent({ port: 0 });
  janitor.mind('pid', agent.pid);
  return {
    url: `consul://${agent.address}`,
    agent: agent.address,
    kill: async () => agent.kill('SIGKILL'),
    startEmpty: async () => {
      await agent.restart();
      janitor.mind('pid', agent.pid);
    },
    stop: () => agent.stop(),
  };
}
