import { defineConfig } from 'vitest/config';

/** Tests that put load on the machine, and look at what comes of it in time: beside others they would find those instead. */
const UNDER_LOAD = [
  'test/failover/kill.test.ts',
  'test/bench/faults.test.ts',
  'test/demo/scenarios.test.ts',
  'test/failover/freeze.test.ts',
  'test/server/freeze.test.ts',
  'test/server/shedding.test.ts',
  'test/policies/hot-reload.test.ts',
];

/** The same at a lower load, or in step with a real Consul: two at a time do not disturb each other. */
const IN_PAIRS = [
  'test/dev-agent/same-answers.test.ts',
  'test/dev-agent/same-wakes.test.ts',
  'test/failover/rolling-restart.test.ts',
  'test/failover/slow-and-failing.test.ts',
];

/** Long computations: coverage makes them twice as long. */
const SIMULATIONS = [
  'packages/bench/src/storm/run-storm.test.ts',
  'packages/policy/src/document/read-resources.test.ts',
  'packages/policy/src/mutations.test.ts',
];

/** Not `import`: it would reach native `require` too, and protobufjs would lose `long`, and with it 64-bit integers. */
const FROM_SOURCE = { conditions: ['micromesh-source', 'node', 'default'] };

export default defineConfig({
  test: {
    // Ends what hangs. Nothing waits for it: a test goes on as soon as its condition holds, also on two busy cores.
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // Its own default is a second, for which the machine may stand still.
    expect: { poll: { timeout: 30_000 } },
    // Process tests run on what was built, as their processes do, and load it as Node does.
    server: { deps: { external: [/\/(packages|services)\/[^/]+\/dist\//] } },
    projects: [
      {
        extends: true,
        ssr: { resolve: FROM_SOURCE },
        resolve: FROM_SOURCE,
        test: {
          name: 'units',
          include: ['packages/*/src/**/*.test.ts', 'services/*/src/**/*.test.ts'],
          exclude: SIMULATIONS,
          // To load everything anew for each file took twice as long as the tests. Nothing here leaves anything in a module.
          isolate: false,
          maxWorkers: 2,
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        ssr: { resolve: FROM_SOURCE },
        resolve: FROM_SOURCE,
        test: {
          name: 'simulations',
          include: SIMULATIONS,
          isolate: false,
          maxWorkers: 4,
          sequence: { groupOrder: 1 },
        },
      },
      {
        extends: true,
        test: {
          name: 'processes',
          include: ['test/**/*.test.ts'],
          exclude: [...UNDER_LOAD, ...IN_PAIRS],
          // A process of its own for each file, with all modules loaded anew, took a third of the time.
          isolate: false,
          // They wait for processes more than they compute.
          maxWorkers: 4,
          sequence: { groupOrder: 1 },
        },
      },
      {
        extends: true,
        test: {
          name: 'pairs',
          include: IN_PAIRS,
          isolate: false,
          maxWorkers: 2,
          sequence: { groupOrder: 2 },
        },
      },
      {
        extends: true,
        test: {
          name: 'alone',
          include: UNDER_LOAD,
          isolate: false,
          maxWorkers: 1,
          sequence: { groupOrder: 3 },
        },
      },
    ],
    coverage: {
      provider: 'v8',
      include: ['packages/*/src/**/*.ts', 'services/*/src/**/*.ts'],
      exclude: ['**/*.test.ts', '**/gen/**', '**/testing/**', 'packages/bench/**'],
      reporter: ['text-summary'],
    },
  },
});
