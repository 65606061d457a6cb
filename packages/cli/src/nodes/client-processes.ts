import { credentials, Metadata, status } from '@grpc/grpc-js';
import { formatAddress, formatServiceKey, type ServiceKey, statusName } from '@micromesh/core';
import type { Registry } from '@micromesh/registry';
import { DebugClient, type ListNodesReply } from '@micromesh/server';
import { inParallel } from './in-parallel.js';
import { snapshotNow } from './snapshot-now.js';

/** A process that can be asked what it sees: a micromesh server. */
export interface AskableProcess {
  /** The service that it serves; empty where nobody said. */
  readonly service: string;
  /** Its node id; empty where nobody said. */
  readonly id: string;
  readonly address: string;
}

/** How a process sees one node of the service. */
export interface Sight {
  readonly nodeId: string;
  readonly address: string;
  readonly state: string;
  readonly cause: string;
  /** In ms since 1970. */
  readonly untilMs: number | undefined;
}

/** What a process answered; `sights` is empty where it does not call the service. */
export type AskedProcess =
  | { readonly process: AskableProcess; readonly sights: readonly Sight[] }
  | { readonly process: AskableProcess; readonly problem: string };

const ANSWER_WITHIN_MS = 1_000;
const SERVICES_AT_ONCE = 8;
const PROCESSES_AT_ONCE = 32;

/**
 * The processes that may call services and can be asked: the micromesh servers of all services in the registry.
 *
 * @throws RegistryError when the registry does not answer.
 */
export async function findProcesses(registry: Registry): Promise<readonly AskableProcess[]> {
  const services = await registry.services();
  const snapshots = await inParallel(services, SERVICES_AT_ONCE, ({ service }) =>
    snapshotNow(registry, service),
  );
  return snapshots.flatMap(({ service, nodes }) =>
    nodes
      .filter(({ micromesh }) => micromesh)
      .map(({ id, address }) => ({
        service: formatServiceKey(service),
        id,
        address: formatAddress(address),
      })),
  );
}

/** Asks processes how they see the nodes of a service; one that does not answer is no failure. */
export function askProcesses(
  processes: readonly AskableProcess[],
  service: ServiceKey,
): Promise<readonly AskedProcess[]> {
  const name = formatServiceKey(service);
  return inParallel(processes, PROCESSES_AT_ONCE, async (process) => {
    try {
      const { services } = await listNodes(process.address, name);
      return { process, sights: services.flatMap(({ nodes }) => nodes.map(readSight)) };
    } catch (error) {
      return { process, problem: problemOf(error) };
    }
  });
}

function listNodes(address: string, service: string): Promise<ListNodesReply> {
  const client = new DebugClient(address, credentials.createInsecure(), {
    'grpc.use_local_subchannel_pool': 1,
  });
  const deadline = Date.now() + ANSWER_WITHIN_MS;
  return new Promise((resolve, reject) => {
    client.listNodes({ service }, new Metadata(), { deadline }, (error, reply) => {
      client.close();
      if (error === null) resolve(reply);
      else reject(error);
    });
  });
}

function readSight({
  id,
  address,
  state,
  cause,
  untilMs,
}: ListNodesReply['services'][number]['nodes'][number]): Sight {
  return { nodeId: id, address, state, cause, untilMs: untilMs === undefined ? undefined : Number(untilMs) };
}

function problemOf(error: unknown): string {
  const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
  switch (code) {
    case status.UNIMPLEMENTED:
      return 'its server has no debug service';
    case status.PERMISSION_DENIED:
      return 'its debug service answers callers on its own machine only';
    case status.DEADLINE_EXCEEDED:
      return `does not answer within ${ANSWER_WITHIN_MS} ms`;
    default:
      return typeof code === 'number' ? `answers ${statusName(code)}` : String(error);
  }
}
