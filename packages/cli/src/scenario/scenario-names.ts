/** What a scenario can do to the calls, and a line on each. */
export const SCENARIO_SUMMARIES = {
  kill: 'kill -9 of a node',
  restart: 'all nodes in turn, by SIGTERM',
  freeze: 'SIGSTOP of a node, SIGCONT after 4 s',
  blackhole: 'the link to a node goes down for 4 s, without a word (Linux, as root)',
  registry: 'kill -9 of the registry, which comes back empty',
  leader: 'kill -9 of the leader of three Consul servers, then a new node (with --registry consul alone)',
  slow: 'one node takes 300 ms longer, to the end',
  errors: 'one node answers every call with INTERNAL, at once, to the end',
  flaky: '20 % of all attempts fail at random; 10 callers, each with one call at a time',
  canary:
    'policies shift calls from v1 nodes to v2 nodes, 0, 10, 50, 100 %, and a rollback takes the last step back',
} as const;

/** Scenarios that there is no recovery from: their fault is there to the end of the run, or they have none. */
export const WITHOUT_RECOVERY: ReadonlySet<ScenarioName> = new Set(['slow', 'errors', 'flaky', 'canary']);

/** A scenario. */
export type ScenarioName = keyof typeof SCENARIO_SUMMARIES;

/** All scenarios. */
export const SCENARIOS: readonly ScenarioName[] = nameAll(SCENARIO_SUMMARIES);

function nameAll<Name extends string>(summaries: Readonly<Record<Name, string>>): readonly Name[] {
  return Object.keys(summaries).filter((name): name is Name => name in summaries);
}
