import { RegistryError } from '../registry.js';
import type { ConsulAgent } from './consul-agent.js';

/** Agents of one Consul, of which any may answer: the one that answered last is asked first. */
export class AgentRing {
  readonly #agents: readonly ConsulAgent[];
  #current = 0;

  constructor(agents: readonly ConsulAgent[]) {
    this.#agents = agents;
  }

  /**
   * Gives the first answer, asking each agent at most once.
   *
   * @throws RegistryError of the last agent when none answers; at once when one refuses.
   */
  async ask<T>(question: (agent: ConsulAgent) => Promise<T>, signal: AbortSignal): Promise<T> {
    const first = this.#current;
    let failure: unknown = new RegistryError('no Consul agent');
    for (let step = 0; step < this.#agents.length && !signal.aborted; step++) {
      const index = (first + step) % this.#agents.length;
      const agent = this.#agents[index];
      if (agent === undefined) break;
      try {
        const answer = await question(agent);
        this.#current = index;
        return answer;
      } catch (error) {
        if (!isAgentTrouble(error)) throw error;
        failure = error;
      }
    }
    throw failure;
  }

  /** Asks the agent that answered last, and no other; when it fails, the next question starts with another one. */
  async askCurrent<T>(question: (agent: ConsulAgent) => Promise<T>): Promise<T> {
    const index = this.#current;
    const agent = this.#agents[index];
    if (agent === undefined) throw new RegistryError('no Consul agent');
    try {
      return await question(agent);
    } catch (error) {
      if (this.#current === index && isAgentTrouble(error)) this.#current = (index + 1) % this.#agents.length;
      throw error;
    }
  }

  /** Closes all connections. */
  destroy(): void {
    for (const agent of this.#agents) agent.destroy();
  }
}

const TOO_MANY = 429;

/** Whether an error is one of this agent, so that another may do better: no answer, a 5xx, or too many connections. */
export function isAgentTrouble(error: unknown): boolean {
  if (!(error instanceof RegistryError)) return false;
  const { statusCode } = error;
  return statusCode === undefined || statusCode >= 500 || statusCode === TOO_MANY;
}
