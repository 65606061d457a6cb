import type { ServiceKey } from '@micromesh/core';
import type { RegistryEntry } from '../registry-entry.js';
import type { AgentRing } from './agent-ring.js';
import type { BlockingAnswer, BlockingWait } from './blocking-query.js';
import type { ConsulAgent } from './consul-agent.js';
import { consulIndexOf, refuseFiltered } from './consul-headers.js';
import type { ConsulSettings } from './consul-options.js';
import { readHealthAnswer } from './health-answer.js';
import { answerTimeoutMs, waitQuery } from './wait-query.js';

/** Asks for the instances of a service: as they are, or, to wait, when they have changed. */
export function askHealth(
  agents: AgentRing,
  settings: ConsulSettings,
  service: ServiceKey,
  wait: BlockingWait | undefined,
  signal: AbortSignal,
): Promise<BlockingAnswer<RegistryEntry[]>> {
  // Only the agent that gave the index is waited for. Another one is asked without: it may know less.
  return wait === undefined
    ? agents.ask((agent) => askAgent(agent, settings, service, undefined, signal), signal)
    : agents.askCurrent((agent) => askAgent(agent, settings, service, wait, signal));
}

async function askAgent(
  agent: ConsulAgent,
  settings: ConsulSettings,
  service: ServiceKey,
  wait: BlockingWait | undefined,
  signal: AbortSignal,
): Promise<BlockingAnswer<RegistryEntry[]>> {
  const answer = await agent.request(
    {
      method: 'GET',
      path: `/v1/health/service/${encodeURIComponent(service.name)}`,
      answerTimeoutMs: wait && answerTimeoutMs(wait, settings),
      query: {
        dc: service.datacenter ?? settings.datacenter,
        ns: service.namespace ?? settings.namespace,
        partition: service.partition ?? settings.partition,
        peer: service.peer,
        stale: settings.stale ? '' : undefined,
        ...waitQuery(wait),
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
