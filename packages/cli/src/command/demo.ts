import type { Command } from 'commander';
import { REGISTRIES, type RegistryKind } from '../registry/registry-kind.js';
import { SCENARIO_SUMMARIES, SCENARIOS, type ScenarioName } from '../scenario/scenario-names.js';
import { oneOf, wholeNumber } from './arguments.js';
import type { CommandIo } from './io.js';

const DEFAULT_PORT = 8080;
const DEFAULT_NODES = 3;
const DEFAULT_LIVE_RPS = 50;
const DEFAULT_SCENARIO_RPS = 400;
const DEFAULT_SECONDS = 8;

interface DemoFlags {
  readonly scenario?: ScenarioName;
  readonly registry?: string;
  readonly nodes?: number;
  readonly rps?: number;
  readonly seconds?: number;
  readonly retries?: number;
  readonly maxConcurrentRetries?: number;
  readonly port?: number;
  readonly json?: boolean;
  readonly logs?: boolean;
}

const ONLY_LIVE = ['port'] as const;
const ONLY_SCENARIO = ['seconds', 'retries', 'maxConcurrentRetries', 'json'] as const;

/** The node that is hit takes no calls, or takes them in vain. */
const NEEDS_ANOTHER_NODE: ReadonlySet<ScenarioName> = new Set(['kill', 'freeze', 'blackhole', 'errors']);

const HELP = `
Without --scenario the demo runs until it is interrupted: a registry, hello nodes, a user service and a gateway,
each a process of its own; in a terminal keys kill, freeze, thaw and start nodes. Other programs join its registry with the
MICROMESH_REGISTRY that it prints.
With --scenario it runs one fault, or one canary, under load and reports:
${listScenarios()}

Examples:
  $ micromesh demo
  $ micromesh demo --registry consul://127.0.0.1:8500
  $ micromesh demo --scenario kill --nodes 3 --rps 400 --seconds 8 --json
  $ micromesh demo --scenario flaky --retries 3
  $ micromesh demo --scenario canary --registry consul

Exit status of a scenario: 0 only if no call failed (of flaky: as many as its simulation says) and none was executed twice (of
canary: and each version of the policies was in force within 200 ms of its write, with the share of calls that it says), 1 otherwise, 128 + n when signal n cut it short.
Exit status of the live demo: 0 when it is interrupted, whatever became of the calls, 1 when it cannot start.
Of both: 2 wrong usage, no Consul, no agent at the URL, or no right to make a network (blackhole).`;

/** Adds `micromesh demo`: the live demo, and with `--scenario` a fault under load. */
export function addDemoCommand(program: Command, io: CommandIo, exit: (status: number) => void): void {
  const command = program
    .command('demo')
    .description('run the demo services; kill, freeze and restart them, and see what becomes of the calls')
    .option(
      '--scenario <name>',
      `run one fault, or canary, under load: ${SCENARIOS.join(', ')}`,
      oneOf(SCENARIOS),
    )
    .option(
      '--registry <registry>',
      'embedded (default) or consul, started for this run; or, without --scenario, the URL of an agent that runs',
    )
    .option('--nodes <n>', `hello nodes (default: ${DEFAULT_NODES})`, wholeNumber(1, 50))
    .option(
      '--rps <n>',
      `calls a second (default: ${DEFAULT_SCENARIO_RPS} in a scenario, else ${DEFAULT_LIVE_RPS})`,
      wholeNumber(1, 5_000),
    )
    .option('--seconds <n>', `how long a scenario calls (default: ${DEFAULT_SECONDS})`, wholeNumber(1, 600))
    .option('--retries <n>', "further tries of a call (default: the mesh's, 1)", wholeNumber(0, 100))
    .option(
      '--max-concurrent-retries <n>',
      'further tries at a time, over all calls (default: no bound)',
      wholeNumber(1, 1_000),
    )
    .option('--port <n>', `port of the gateway (default: ${DEFAULT_PORT})`, wholeNumber(1, 65_535))
    .option('--json', 'print the result of a scenario as one JSON object')
    .option('--logs', 'write what the services log to standard error')
    .addHelpText('after', HELP)
    .action(async (flags: DemoFlags) => {
      refuseForeignFlags(command, flags);
      await requireServices();
      exit(
        await (flags.scenario === undefined
          ? runLive(flags, io)
          : runScenario(command, flags, flags.scenario, io)),
      );
    });
}

// A flag that is silently without effect would hide a mistake.
function refuseForeignFlags(command: Command, flags: DemoFlags): void {
  const [foreign, place] =
    flags.scenario === undefined
      ? [ONLY_SCENARIO, 'belongs to --scenario; add --scenario kill']
      : [ONLY_LIVE, 'does not go with --scenario, which has no gateway'];
  const given = foreign.find((name) => flags[name] !== undefined);
  if (given !== undefined) command.error(`error: option '${flagOf(given)}' ${place}`);
  if (flags.scenario === 'flaky' && flags.rps !== undefined) {
    command.error("error: option '--rps' does not go with --scenario flaky, whose callers set the pace");
  }
}

function flagOf(option: string): string {
  return `--${option.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

function listScenarios(): string {
  return SCENARIOS.map((name) => `  ${name.padEnd(9)} ${SCENARIO_SUMMARIES[name]}`).join('\n');
}

/** Before anything is started. */
async function requireServices(): Promise<void> {
  const { serviceEntry } = await import('../demo/service-entries.js');
  serviceEntry('hello');
  serviceEntry('user');
}

async function runLive({ nodes, rps, port, registry, logs }: DemoFlags, io: CommandIo): Promise<number> {
  const { runLiveDemo } = await import('../demo/run-live-demo.js');
  return runLiveDemo(
    {
      registry: registry ?? 'embedded',
      nodes: nodes ?? DEFAULT_NODES,
      rps: rps ?? DEFAULT_LIVE_RPS,
      port: port ?? DEFAULT_PORT,
      logs: logs ?? false,
    },
    io,
  );
}

async function runScenario(
  command: Command,
  flags: DemoFlags,
  scenario: ScenarioName,
  io: CommandIo,
): Promise<number> {
  const { nodes = DEFAULT_NODES, rps = DEFAULT_SCENARIO_RPS, seconds = DEFAULT_SECONDS } = flags;
  const { retries, maxConcurrentRetries } = flags;
  const registry = readRegistryKind(
    command,
    flags.registry ?? (scenario === 'leader' ? 'consul' : undefined),
  );
  if (scenario === 'leader' && registry !== 'consul') {
    command.error(
      "error: option '--registry' takes consul with --scenario leader: a dev agent has no leader to lose",
    );
  }
  if (nodes < 2 && NEEDS_ANOTHER_NODE.has(scenario)) {
    command.error(
      `error: option '--nodes' ${nodes} leaves no node to take the calls of the one that is hit; give 2 or more`,
    );
  }
  if (scenario === 'canary') {
    if (nodes < 2) command.error(`error: option '--nodes' ${nodes} leaves no node for v2; give 2 or more`);
    if (seconds < 2)
      command.error(
        `error: option '--seconds' ${seconds} is too short for five versions of policies; give 2 or more`,
      );
  }
  const { runScenarioCommand } = await import('../scenario/run-scenario-command.js');
  return runScenarioCommand(
    { scenario, registry, nodes, rps, seconds, retries, maxConcurrentRetries },
    { json: flags.json ?? false, logs: flags.logs ?? false },
    io,
  );
}

function readRegistryKind(command: Command, registry: string | undefined): RegistryKind {
  if (registry === undefined) return 'embedded';
  const kind = REGISTRIES.find((name) => name === registry);
  return (
    kind ??
    command.error(
      `error: option '--registry' takes ${REGISTRIES.join(' or ')} with --scenario, which ends its registry`,
    )
  );
}
