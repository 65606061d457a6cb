/** The faults that a scenario can bring, and a line on each. */
export const SCENARIO_SUMMARIES = {
  kill: 'kill -9 of a node',
  restart: 'all nodes in turn, by SIGTERM',
  freeze: 'SIGSTOP of a node, SIGCONT after 4 s',
  registry: 'kill -9 of the registry, which comes back empty',
  flaky: '20 % of all attempts fail at random; 10 callers, each with one call at a time',
} as const;

/** A scenario. */
export type ScenarioName = keyof typeof SCENARIO_SUMMARIES;

/** All scenarios. */
export const SCENARIOS: readonly ScenarioName[] = nameAll(SCENARIO_SUMMARIES);

function nameAll<Name extends string>(summaries: Readonly<Record<Name, string>>): readonly Name[] {
  return Object.keys(summaries).filter((name): name is Name => name in summaries);
}
