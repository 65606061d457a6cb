import { type Clock, formatServiceKey, parseAddress, systemClock } from '@micromesh/core';
import type { Registry } from '@micromesh/registry';
import { colorsFor } from '../command/colors.js';
import { FAILED, SUCCESS } from '../command/exit-status.js';
import type { CommandIo } from '../command/io.js';
import { askedRegistry } from '../registry/asked-registry.js';
import { askProcesses, findProcesses } from './client-processes.js';
import { type KnownInterventions, knownInterventions } from './known-interventions.js';
import { nodesText } from './nodes-text.js';
import { type NodesView, nodesView } from './nodes-view.js';
import { parseService } from './service-argument.js';
import { snapshotNow } from './snapshot-now.js';

/** What `micromesh nodes SERVICE` is told. */
export interface ShowOptions {
  /** As `createMesh` takes it; default MICROMESH_REGISTRY, else the dev agent of this machine. */
  readonly registry?: string;
  /** Addresses of further processes to ask. */
  readonly client?: readonly string[];
  readonly json?: boolean;
}

const NOTHING: KnownInterventions = { inForce: new Map(), over: [], unreadable: [] };

/**
 * Prints the nodes of a service, as the registry and the processes that call it see them.
 *
 * @returns the exit status: 1 when nobody knows a node of it.
 * @throws ConfigError for what cannot be; RegistryError when the registry does not answer.
 */
export async function showNodes(
  serviceText: string,
  { registry: spec, client = [], json = false }: ShowOptions,
  io: CommandIo,
  clock: Clock = systemClock,
): Promise<number> {
  const service = parseService(serviceText);
  for (const address of client) parseAddress(address, '--client');
  const registry = askedRegistry(spec, io.env);
  let view: NodesView;
  try {
    const snapshot = await snapshotNow(registry, service);
    const known =
      registry.keyValues === undefined
        ? NOTHING
        : await knownInterventions(registry.keyValues, service, clock.wallNow());
    const asked = await askProcesses(await processes(registry, client), service);
    view = nodesView(registry.description, snapshot, known, asked);
  } finally {
    await registry.close();
  }
  const isKnown = view.nodes.length > 0;
  if (json) io.stdout.write(`${JSON.stringify(view)}\n`);
  else if (isKnown) io.stdout.write(nodesText(view, colorsFor(io.stdout, io.env)));
  else {
    const name = formatServiceKey(service);
    io.stderr.write(
      `micromesh: no node of ${name} is registered at ${view.registry}; check the name, or start one\n`,
    );
  }
  return isKnown ? SUCCESS : FAILED;
}

async function processes(registry: Registry, client: readonly string[]) {
  const found = await findProcesses(registry);
  const further = client.filter((address) => !found.some((each) => each.address === address));
  return [...found, ...further.map((address) => ({ service: '', id: '', address }))];
}
