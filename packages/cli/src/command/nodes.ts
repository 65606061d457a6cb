import type { Command } from 'commander';
import type { EjectOptions } from '../nodes/eject-node.js';
import type { RestoreOptions } from '../nodes/restore-node.js';
import type { ShowOptions } from '../nodes/show-nodes.js';
import type { CommandIo } from './io.js';
import { REGISTRY_HELP } from './registry-help.js';

const HELP = `
The registry says which nodes are passing; each process that calls the service says whether it finds a node ready, connecting, down
or ejected, why, and until when. Processes that serve something with micromesh are found in the registry and asked on
micromesh.v1.Debug; a server answers callers on its own machine, with debug: true all. Others (a gateway, a job) cannot be asked.

Examples:
  $ micromesh nodes hello
  $ micromesh nodes hello --registry consul://127.0.0.1:8500 --json
  $ micromesh nodes eject hello hello-3f9a --for 10m --why "disk full"
  $ micromesh nodes restore hello hello-3f9a

Exit status: 0 shown, 1 nobody knows a node of it, or the registry does not answer, 2 wrong usage.`;

const EJECT_HELP = `
In force in every client of the service within a second, until its end or until it is restored: the node gets no calls while another
one is connected, and no probes. Calls that it works on may end. The last node cannot be ejected. To eject a node again sets another end.

Examples:
  $ micromesh nodes eject hello hello-3f9a --for 10m --why "disk full"
  $ micromesh nodes eject hello 127.0.0.1:5001 --for 1h30m --why "INC-17" --who anna

Exit status: 0 ejected, 1 there is no such node, it is the last one, or the registry does not answer, 2 wrong usage.`;

const RESTORE_HELP = `
Takes a manual ejection back. What a client has ejected by itself, for its failures, it lets in again when the node is well.

Example:
  $ micromesh nodes restore hello hello-3f9a

Exit status: 0 restored, 1 nobody has ejected it, or the registry does not answer, 2 wrong usage.`;

/** Adds `micromesh nodes`: how a service's nodes are seen, and the manual ejection of one. */
export function addNodesCommand(program: Command, io: CommandIo, exit: (status: number) => void): void {
  const nodes: Command = program
    .command('nodes')
    .description(
      "show a service's nodes: their state in each client, why and until when; eject and restore one",
    )
    .usage('[options] <service>')
    .argument('[service]', "the registry's name of it: hello, hello?dc=dc2")
    .option('--registry <registry>', REGISTRY_HELP)
    .option('--client <addresses...>', 'also ask the processes whose servers listen there')
    .option('--json', 'print one JSON object')
    .addHelpText('after', HELP)
    .action(async (service: string | undefined, flags: ShowOptions) => {
      // Not `<service>`: commander would ask for it where a subcommand is misspelt.
      if (service === undefined) nodes.error("error: missing required argument 'service'");
      const { showNodes } = await import('../nodes/show-nodes.js');
      exit(await showNodes(service, flags, io));
    });
  addEjectCommand(nodes, io, exit);
  addRestoreCommand(nodes, io, exit);
}

function addEjectCommand(nodes: Command, io: CommandIo, exit: (status: number) => void): void {
  const eject: Command = nodes
    .command('eject')
    .description('take a node out of all clients of its service, for a while')
    .argument('<service>', "the registry's name of it")
    .argument('<node>', 'its id or address')
    .option('--for <duration>', 'how long, from 1s to 30d: 90s, 10m, 1h30m')
    .option('--why <text>', 'the reason, for those who wonder')
    .option('--who <name>', 'who says so (default: user@machine)')
    .option('--registry <registry>', REGISTRY_HELP)
    .option(
      '--json',
      'print one JSON object: { service, registry, id, address, action, who, why, at, until }',
    )
    .addHelpText('after', EJECT_HELP)
    .action(async (service: string, node: string) => {
      // Options that `nodes` has too are taken by it, wherever they stand.
      const flags = eject.optsWithGlobals<Partial<EjectOptions>>();
      const { for: duration, why } = flags;
      if (duration === undefined) eject.error("error: required option '--for <duration>' not specified");
      if (why === undefined) eject.error("error: required option '--why <text>' not specified");
      const { ejectNode } = await import('../nodes/eject-node.js');
      exit(await ejectNode(service, node, { ...flags, for: duration, why }, io));
    });
}

function addRestoreCommand(nodes: Command, io: CommandIo, exit: (status: number) => void): void {
  const restore: Command = nodes
    .command('restore')
    .description('take a manual ejection back')
    .argument('<service>', "the registry's name of it")
    .argument('<node>', 'its id or address')
    .option('--registry <registry>', REGISTRY_HELP)
    .option('--json', 'print one JSON object: { service, registry, id, action }')
    .addHelpText('after', RESTORE_HELP)
    .action(async (service: string, node: string) => {
      const { restoreNode } = await import('../nodes/restore-node.js');
      exit(await restoreNode(service, node, restore.optsWithGlobals<RestoreOptions>(), io));
    });
}
