import { spawnDevAgent } from '@micromesh/registry';
import type { StageRegistry } from './stage-registry.js';

/** Starts a dev agent of the stage's own. */
export async function startDevAgent(mind: (pid: number) => void): Promise<StageRegistry> {
  const agent = await spawnDevAgent({ port: 0 });
  mind(agent.pid);
  return {
    url: `consul://${agent.address}`,
    agent: agent.address,
    kill: async () => agent.kill('SIGKILL'),
    startEmpty: async () => {
      await agent.restart();
      mind(agent.pid);
    },
    stop: () => agent.stop(),
  };
}
