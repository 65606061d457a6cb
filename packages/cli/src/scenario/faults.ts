import { messageOf } from '@micromesh/core';
import type { RegistryPart } from '../stage/index.js';
import { type CanaryStage, type CanaryStep, runCanary } from './canary.js';
import type { Strike } from './effects.js';
import { FLAKY } from './flaky-setting.js';
import type { NetworkPart, NodePart } from './parts.js';
import type { ScenarioName } from './scenario-names.js';

const FREEZE_MS = 4_000;
const LINK_DOWN_MS = 4_000;
/** What was sent meanwhile comes by then: TCP tries again ever more seldom. */
const LATE_PACKETS_MS = 3_000;
const SLOW_MS = 300;
const REGISTRY_DOWN_MS = 1_000;
const ELECTION_LIMIT_MS = 20_000;
const CONNECT_LIMIT_MS = 10_000;
const PASSING_POLL_MS = 50;
/** A heartbeat comes every 10 s and notices then that the registry has forgotten its node. */
const REREGISTRATION_LIMIT_MS = 20_000;

/** How long a node may take to end by itself: 1 s lame duck, 3 s for calls in flight, and some more. */
export const DRAIN_LIMIT_MS = 6_000;

/** What a fault is done to. */
export interface FaultStage {
  /** The nodes at the start of the run. */
  readonly nodes: readonly NodePart[];
  readonly registry: RegistryPart;
  /** That of the first node, where it has one of its own. */
  readonly network: NetworkPart | undefined;
  /** What a canary has besides. */
  readonly canary: Pick<CanaryStage, 'policies' | 'ledger'> | undefined;
  /** When the load ends, in ms since it began. */
  readonly loadEndMs: number;
  /** Starts one more node; resolves when it is registered and passing. */
  startNode(): Promise<NodePart>;
  /** Resolves when the process that calls has a connection to the node; rejects after `limitMs`. */
  connected(nodeId: string, limitMs: number): Promise<void>;
  /** Puts a line on the timeline. */
  note(text: string): void;
  /** ms since the load began. */
  now(): number;
  /** Rejects when the run is ended early. */
  wait(ms: number): Promise<void>;
}

/** What a fault found out by itself. */
export interface FaultFindings {
  /** The node that was killed, frozen or cut off, and when, in ms since the load began. */
  readonly struck?: {
    readonly node: string;
    readonly atMs: number;
    /** Where it took a while; default `atMs`. */
    readonly untilMs?: number;
    readonly kind: Strike['kind'];
  };
  readonly reregisteredMs?: number | null;
  readonly newLeaderMs?: number | null;
  readonly steps?: readonly CanaryStep[];
}

/** Does what its scenario is named for; resolves when that is over. */
export type Fault = (stage: FaultStage) => Promise<FaultFindings>;

/** What is done to the nodes before there is load; of scenarios that are missing here: nothing. */
export const preparations: Readonly<Partial<Record<ScenarioName, (nodes: readonly NodePart[]) => void>>> = {
  flaky: (nodes) => {
    const { errorRatio, spreadMs, seed } = FLAKY;
    for (const node of nodes) node.misbehave({ errorRatio, spreadMs, seed });
  },
};

/** The fault of each scenario. */
export const faults: Readonly<Record<ScenarioName, Fault>> = {
  kill: async ({ nodes: [node], note, now }) => {
    if (node === undefined) return {};
    note(`kill -9 ${node.id}`);
    node.kill();
    const atMs = now();
    await node.ended;
    return { struck: { node: node.id, atMs, kind: 'death' } };
  },

  restart: async ({ nodes, startNode, connected, note }) => {
    for (const old of nodes) {
      const fresh = await startNode();
      // Where the caller does not connect in time the restart goes on: the figures say what that cost.
      await connected(fresh.id, CONNECT_LIMIT_MS).catch((error: unknown) => note(messageOf(error)));
      note(`SIGTERM ${old.id}, for ${fresh.id}`);
      await old.stop(DRAIN_LIMIT_MS);
    }
    note('all nodes are new');
    return {};
  },

  freeze: async ({ nodes: [node], note, now, wait }) => {
    if (node === undefined) return {};
    note(`SIGSTOP ${node.id}`);
    node.freeze();
    const atMs = now();
    await wait(FREEZE_MS);
    note(`SIGCONT ${node.id}`);
    node.thaw();
    return { struck: { node: node.id, atMs, kind: 'stall' } };
  },

  blackhole: async ({ nodes: [node], network, note, now, wait }) => {
    if (node === undefined || network === undefined) throw new Error('no node has a network of its own');
    note(`the link to ${node.id} goes down`);
    const atMs = now();
    await network.cut();
    const untilMs = now();
    await wait(LINK_DOWN_MS);
    note('the link is up again');
    await network.mend();
    await wait(LATE_PACKETS_MS);
    return { struck: { node: node.id, atMs, untilMs, kind: 'cut' } };
  },

  registry: async (stage) => {
    const killedAt = stage.now();
    stage.note('kill -9 registry');
    await stage.registry.kill();
    await stage.wait(REGISTRY_DOWN_MS);
    await stage.registry.startEmpty();
    stage.note('the registry is back, empty');
    const backMs = await waitUntilRegistered(stage);
    if (backMs === undefined) return { reregisteredMs: null };
    stage.note(`all ${stage.nodes.length} nodes are registered again`);
    return { reregisteredMs: Math.round(backMs - killedAt) };
  },

  leader: async ({ registry: { cluster }, startNode, connected, note, now, wait }) => {
    if (cluster === undefined) throw new Error('the registry has no leader to kill');
    note('kill -9 of the leading Consul server');
    const killedAt = now();
    await cluster.killLeader();
    const limit = now() + ELECTION_LIMIT_MS;
    while (!(await cluster.isLed())) {
      if (now() > limit) return { newLeaderMs: null };
      await wait(PASSING_POLL_MS);
    }
    const newLeaderMs = Math.round(now() - killedAt);
    note('the two others have a new leader');
    const fresh = await startNode();
    const found = connected(fresh.id, CONNECT_LIMIT_MS).then(() => `${fresh.id} is new, and found`);
    note(await found.catch((error: unknown) => messageOf(error)));
    return { newLeaderMs };
  },

  slow: async ({ nodes: [node], note }) => {
    if (node === undefined) return {};
    note(`${node.id} takes ${SLOW_MS} ms longer`);
    node.misbehave({ extraMs: SLOW_MS });
    return {};
  },

  errors: async ({ nodes: [node], note }) => {
    if (node === undefined) return {};
    note(`${node.id} answers INTERNAL`);
    node.misbehave({ errorRatio: 1, code: 'INTERNAL', atOnce: true });
    return {};
  },

  // Its nodes fail from the beginning.
  flaky: async () => ({}),

  canary: async ({ canary, ...stage }) => {
    if (canary === undefined) throw new Error('there is nobody who writes policies');
    return { steps: await runCanary({ ...stage, ...canary }) };
  },
};

async function waitUntilRegistered({ nodes, registry, now, wait }: FaultStage): Promise<number | undefined> {
  const limit = now() + REREGISTRATION_LIMIT_MS;
  while (now() < limit) {
    // A registry that has just started may not answer yet.
    const passing = new Set(await registry.passing('hello').catch(() => []));
    if (nodes.every(({ id }) => passing.has(id))) return now();
    await wait(PASSING_POLL_MS);
  }
  return undefined;
}
