import { spawnDevAgent } from '@micromesh/registry';
import type { Guardian } from '../guardian.js';
import { enrolNode, strikeOffNode } from './enrol-node.js';
import { passingNodes } from './passing-nodes.js';
import type { RegistryPart } from './registry-part.js';

/**
 * Starts a dev agent of one's own on a free port, in a process of its own.
 *
 * @throws RegistryError when it does not start.
 */
export async function startDevAgentPart(guardian: Guardian): Promise<RegistryPart> {
  const agent = await spawnDevAgent({ port: 0 });
  let watched: number | undefined;
  const watch = () => {
    watched = agent.pid;
    guardian.watch(watched);
  };
  const end = async () => {
    await agent.stop();
    // Once only: another process may be given the number then.
    if (watched !== undefined) guardian.forget(watched);
    watched = undefined;
  };
  watch();
  return {
    url: `consul://${agent.address}`,
    kill: () => {
      agent.kill('SIGKILL');
      return end();
    },
    startEmpty: async () => {
      await end();
      await agent.restart();
      watch();
    },
    passing: (service) => passingNodes(agent.address, service),
    enrol: (service, node) => enrolNode(agent.address, service, node),
    strikeOff: (id) => strikeOffNode(agent.address, id),
    stop: end,
  };
}
