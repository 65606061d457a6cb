import type { Janitor } from './janitor.js';

const TIMEOUT_MS = 5_000;

/** The registry of a stage. */
export interface StageRegistry {
  /** As `createMesh` takes it. */
  readonly url: string;
  /** `host:port` of an agent that stays alive unless the fault is that it does not. */
  readonly agent: string;
  /** kill -9 of the agent; of a cluster: of its leader. Resolves when it is gone. */
  kill(): Promise<void>;
  /** Starts the agent at the same address, without memory. */
  startEmpty(): Promise<void>;
  stop(): Promise<void>;
}

/**
 * Starts the registry of a stage; gives the reason in words where this machine cannot. When it rejects, also by the signal, nothing of
 * it is left.
 */
export type StartRegistry = (janitor: Janitor, signal: AbortSignal) => Promise<StageRegistry | string>;

/** Enters a node for somebody who does not do it himself, without a check: it passes until it is taken out. */
export async function enrol(agent: string, service: string, id: string, address: string): Promise<void> {
  const [host, port] = address.split(':');
  await put(agent, 'register', { Name: service, ID: id, Address: host, Port: Number(port) });
}

/** Takes out what {@link enrol} has entered. */
export async function strikeOff(agent: string, id: string): Promise<void> {
  await put(agent, `deregister/${encodeURIComponent(id)}`);
}

async function put(agent: string, path: string, body?: object): Promise<void> {
  const response = await fetch(`http://${agent}/v1/agent/service/${path}`, {
    method: 'PUT',
    signal: AbortSignal.timeout(TIMEOUT_MS),
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  if (!response.ok) throw new Error(`the registry answers ${response.status}: ${await response.text()}`);
}
