import type { ServiceKey } from '@micromesh/core';
import type { RegistryEntry } from '../registry-entry.js';
import type { AgentRing } from './agent-ring.js';
import type { BlockingAnswer } from './blocking-query.js';
import type { ConsulAgent } from './consul-agent.js';
import { consulIndexOf, refuseFiltered } from './consul-headers.js';
import type { ConsulSettings } from './consul-options.js';
import { readHealthAnswer } from './health-answer.js';

/** Asks for the instances of a service: as they are, or, with an index, when they have changed. */
export function askHealth(
  agents: AgentRing,
  settings: ConsulSettings,
  service: ServiceKey,
  index: bigint | undefined,
  signal: AbortSignal,
): Promise<BlockingAnswer<RegistryEntry[]>> {
  // Only the agent that gave the index is waited for. Another one is asked without: it may know less.
  return index === undefined
    ? agents.ask((agent) => askAgent(agent, settings, service, undefined, signal), signal)
    : agents.askCurrent((agent) => askAgent(agent, settings, service, index, signal));
}

async function askAgent(
  agent: ConsulAgent,
  settings: ConsulSettings,
  service: ServiceKey,
  index: bigint | undefined,
  signal: AbortSignal,
): Promise<BlockingAnswer<RegistryEntry[]>> {
  const { waitMs, requestTimeoutMs } = settings;
  const wait =
    index === undefined
      ? {}
      : {
          query: { index: String(index), wait: `${Math.round(waitMs)}ms` },
          // Consul adds up to a sixteenth of the wait, so that not all clients come back at once.
          answerTimeoutMs: waitMs + waitMs / 16 + requestTimeoutMs,
        };
  const answer = await agent.request(
    {
      method: 'GET',
      path: `/v1/health/service/${encodeURIComponent(service.name)}`,
      ...wait,
      query: {
        dc: service.datacenter ?? settings.datacenter,
        ns: service.namespace ?? settings.namespace,
        partition: service.partition ?? settings.partition,
        peer: service.peer,
        stale: settings.stale ? '' : undefined,
        ...wait.query,
      },
    },
    signal,
  );
  const entries = readHealthAnswer(answer.body, agent.description);
  if (entries.length === 0) refuseFiltered(answer, agent.description, `the service ${service.name}`);
  return {
    value: entries,
    index: consulIndexOf(answer),
    knownLeader: answer.headers['x-consul-knownleader'] !== 'false',
  };
}
