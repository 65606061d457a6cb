import type { Fault } from '../fault.js';
import type { NodePart } from '../stage/node-part.js';
import type { Stage } from '../stage/stage.js';

const BACK_AFTER_MS = 1_000;
const NODES = 3;

/** Processes end. */
export const DEATHS: readonly Fault[] = [
  {
    name: 'kill',
    title: 'kill -9 of one node',
    async bring(stage) {
      for (const node of stage.at(0)) node.kill();
    },
  },
  {
    name: 'sigterm',
    title: 'SIGTERM of one node, which drains',
    async bring(stage) {
      for (const node of stage.at(0)) await stage.retire(node);
    },
  },
  {
    name: 'half-killed',
    title: 'kill -9 of half of the nodes at once',
    nodes: 4,
    async bring(stage) {
      for (const node of [...stage.at(0), ...stage.at(1)]) node.kill();
    },
  },
  {
    name: '9-of-10-killed',
    title: 'kill -9 of 9 of 10 nodes at once',
    nodes: 10,
    async bring(stage) {
      for (const node of stage.nodes) {
        if (!stage.at(9).includes(node)) node.kill();
      }
    },
  },
  {
    name: 'all-killed',
    title: 'kill -9 of all nodes; after 1 s new processes at the same addresses',
    healthyLeft: false,
    nodes: NODES,
    prepare: (stage) => stage.holdBackSame(),
    async bring(stage) {
      for (const node of firstOf(stage)) node.kill();
      await stage.wait(BACK_AFTER_MS);
      await stage.letGo();
    },
  },
  {
    name: 'replaced',
    nodes: NODES,
    title: 'as many new nodes at new addresses, then SIGTERM of all old ones',
    prepare: (stage) => stage.holdBackNew(NODES),
    lead: (stage) => stage.letGo(),
    async bring(stage) {
      await Promise.all(firstOf(stage).map((node) => stage.retire(node)));
    },
  },
];

/** Of both kinds, without those that came later. */
function firstOf(stage: Stage): readonly NodePart[] {
  return Array.from({ length: NODES }, (_, index) => stage.at(index)).flat();
}
