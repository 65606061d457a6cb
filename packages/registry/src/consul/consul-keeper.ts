import type { ServiceKey } from '@micromesh/core';
import { DEV_AGENT_HEADER } from '../dev-agent-header.js';
import { type Registration, RegistryError } from '../registry.js';
import { type AgentSelf, type CheckKind, chooseCheck, hostsOfThisMachine } from './check-kind.js';
import type { ConsulAgent } from './consul-agent.js';
import { parseJson } from './health-answer.js';
import { objectIn, stringIn } from './json-shape.js';
import type { Keeper } from './keeper.js';
import { type CheckTimes, checkIdOf, registrationBody } from './registration-body.js';

/** Keeps one node registered at one Consul agent. */
export class ConsulKeeper implements Keeper {
  readonly #agent: ConsulAgent;
  readonly #registration: Registration;
  readonly #startedAtMs: number;
  readonly #times: CheckTimes;
  #check: CheckKind = 'ttl';

  constructor(agent: ConsulAgent, registration: Registration, startedAtMs: number, times: CheckTimes) {
    this.#agent = agent;
    this.#registration = registration;
    this.#startedAtMs = startedAtMs;
    this.#times = times;
  }

  get description(): string {
    return this.#agent.description;
  }

  async register(signal: AbortSignal): Promise<void> {
    const { check, address } = this.#registration;
    // Asked each time: another agent may have taken the place of the one that was asked before.
    this.#check =
      check === 'auto' ? chooseCheck(address, await this.#askSelf(signal), hostsOfThisMachine()) : check;
    await this.#agent.request(
      {
        method: 'PUT',
        path: '/v1/agent/service/register',
        query: { 'replace-existing-checks': 'true', ...partitionOf(this.#registration.service) },
        body: registrationBody(this.#registration, this.#check, this.#startedAtMs, this.#times),
      },
      signal,
    );
    // A check that was critical stays critical whatever the registration says (1.8.7).
    if (this.#check === 'ttl') await this.#pass(signal);
  }

  async beat(signal: AbortSignal): Promise<'held' | 'forgotten'> {
    try {
      await (this.#check === 'ttl' ? this.#pass(signal) : this.#look(signal));
      return 'held';
    } catch (error) {
      // 404 of newer agents; 1.8.7 says 500 `CheckID "..." does not have associated TTL`.
      const status = error instanceof RegistryError ? error.statusCode : undefined;
      if (status === 404 || (status === 500 && this.#check === 'ttl')) return 'forgotten';
      throw error;
    }
  }

  async deregister(signal: AbortSignal): Promise<void> {
    try {
      await this.#agent.plain(signal, (client, options) =>
        client.agent.service.deregister({
          id: this.#registration.id,
          ...partitionOf(this.#registration.service),
          ...options,
        }),
      );
    } catch (error) {
      if (error instanceof RegistryError && error.statusCode === 404) return;
      throw error;
    }
  }

  #pass(signal: AbortSignal): Promise<unknown> {
    const id = checkIdOf(this.#registration.id);
    const partition = partitionOf(this.#registration.service);
    return this.#agent.plain(signal, (client, options) =>
      client.agent.check.pass({ id, ...partition, ...options }),
    );
  }

  #look(signal: AbortSignal): Promise<unknown> {
    const path = `/v1/agent/service/${encodeURIComponent(this.#registration.id)}`;
    return this.#agent.request(
      { method: 'GET', path, query: partitionOf(this.#registration.service) },
      signal,
    );
  }

  async #askSelf(signal: AbortSignal): Promise<AgentSelf | undefined> {
    try {
      const answer = await this.#agent.request({ method: 'GET', path: '/v1/agent/self' }, signal);
      const self = objectIn(parseJson(answer.body, this.#agent.description));
      return {
        address: stringIn(objectIn(self.Member).Addr),
        runsChecks: answer.headers[DEV_AGENT_HEADER] === undefined,
      };
    } catch (error) {
      // A token need not be allowed to read it.
      if (error instanceof RegistryError && error.statusCode !== undefined) return undefined;
      throw error;
    }
  }
}

// The namespace goes by header with every request: the `consul` package drops it from calls.
function partitionOf({ partition }: ServiceKey): { readonly partition?: string } {
  return partition === undefined ? {} : { partition };
}
