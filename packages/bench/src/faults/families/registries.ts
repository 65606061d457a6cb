import type { Fault } from '../fault.js';

const DOWN_MS = 1_000;

/** The nodes are well, what knows of them is not. */
export const REGISTRIES: readonly Fault[] = [
  {
    name: 'stale-entries',
    title: 'the registry names two nodes that are dead, beside three that live',
    deadAddresses: 2,
    bring: (stage) => stage.enrolDead(),
  },
  {
    name: 'registry-killed',
    title: 'kill -9 of the registry, for good',
    bring: (stage) => stage.registry.kill(),
  },
  {
    name: 'registry-empty',
    title: 'kill -9 of the registry, which is back after 1 s and knows nothing',
    async bring(stage) {
      await stage.registry.kill();
      await stage.wait(DOWN_MS);
      await stage.registry.startEmpty();
    },
  },
  {
    name: 'registry-away',
    title: 'kill -9 of all of Consul, and of a node; it is back, and empty, after --outage-ms (10 s)',
    registry: 'consul',
    isOutage: true,
    async bring(stage, { outageMs }) {
      await stage.registry.kill();
      for (const node of stage.at(0)) node.kill();
      await stage.wait(outageMs);
      await stage.registry.startEmpty();
    },
  },
  {
    name: 'registry-forgets',
    title: 'the registry forgets all nodes at once, and they live',
    bring: (stage) => stage.strikeOffAll(),
  },
  {
    name: 'leader',
    title: "kill -9 of the leader of Consul's three servers",
    registry: 'consul-cluster',
    bring: (stage) => stage.killLeader(),
  },
];
