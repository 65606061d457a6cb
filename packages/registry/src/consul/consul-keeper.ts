import type { ServiceKey } from '@micromesh/core';
import { DEV_AGENT_HEADER } from '../dev-agent-header.js';
import { type Registration, RegistryError } from '../registry.js';
import { type AgentSelf, type CheckKind, chooseCheck, hostsOfThisMachine } from './check-kind.js';
import type { ConsulAgent } from './consul-agent.js';
import { parseJson } from './health-answer.js';
import { objectIn, stringIn } from './json-shape.js';
import type { BeatResult, Keeper } from './keeper.js';
import { type CheckTimes, checkIdOf, registrationBody } from './registration-body.js';

/** How often in a row the agent must fail to reach a node that lives: once may be a busy moment. */
const UNREACHED_BEATS = 2;

/** What an agent's gRPC check says when it was answered: the node's own word, whatever it is. */
const ANSWERED = /didn't report service healthy/;

/** Keeps one node registered at one Consul agent. */
export class ConsulKeeper implements Keeper {
  readonly #agent: ConsulAgent;
  readonly #registration: Registration;
  readonly #startedAtMs: number;
  readonly #times: CheckTimes;
  #check: CheckKind = 'ttl';
  #unreachedBeats = 0;
  #reachable = true;

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
    if (check !== 'auto') this.#check = check;
    else if (!this.#reachable) this.#check = 'ttl';
    else this.#check = chooseCheck(address, await this.#askSelf(signal), hostsOfThisMachine());
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

  async beat(signal: AbortSignal): Promise<BeatResult> {
    try {
      if (this.#check === 'grpc') return await this.#look(signal);
      await this.#pass(signal);
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

  /** Asks for the agent's own check of the node, which goes with the entry. */
  async #look(signal: AbortSignal): Promise<BeatResult> {
    const id = checkIdOf(this.#registration.id);
    const query = { ...partitionOf(this.#registration.service), filter: `CheckID == ${JSON.stringify(id)}` };
    const answer = await this.#agent.request({ method: 'GET', path: '/v1/agent/checks', query }, signal);
    const found = objectIn(parseJson(answer.body, this.#agent.description))[id];
    if (found === undefined) return 'forgotten';
    const check = objectIn(found);
    const reached = stringIn(check.Status) !== 'critical' || ANSWERED.test(stringIn(check.Output));
    this.#unreachedBeats = reached ? 0 : this.#unreachedBeats + 1;
    if (this.#registration.check !== 'auto' || this.#unreachedBeats < UNREACHED_BEATS) return 'held';
    this.#reachable = false;
    return 'unreachable';
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
