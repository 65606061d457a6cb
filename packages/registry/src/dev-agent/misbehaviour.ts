/**
 * A way in which a registry goes wrong:
 * `indexBackwards`: all indexes are suddenly small, as after a restore of an old state;
 * `noLeader`: 500 "No cluster leader"; `html`: 200 with a web page, as of a proxy;
 * `halfBody`: the connection ends in the middle of the body; `reset`: it ends before an answer; `hang`: no answer comes.
 */
export type Misbehaviour = 'indexBackwards' | 'noLeader' | 'html' | 'halfBody' | 'reset' | 'hang';

/** Which requests go wrong. */
export interface MisbehaveOptions {
  /** How the path begins, from `/v1/` on; default: every path. `indexBackwards` is of all paths. */
  readonly path?: string;
  /** How many requests; default: all, until it is ended. */
  readonly times?: number;
}

interface Plan {
  readonly kind: Misbehaviour;
  readonly path: string;
  left: number;
}

/** What is to go wrong, for tests. */
export class Misbehaviours {
  readonly #plans = new Set<Plan>();
  #indexLag = 0;

  /** By how much the indexes that are shown lag behind the real ones. */
  get indexLag(): number {
    return this.#indexLag;
  }

  /**
   * Lets requests go wrong from now on until the returned function is called.
   *
   * @param index - of the latest write.
   */
  start(kind: Misbehaviour, { path = '/', times }: MisbehaveOptions, index: number): () => void {
    if (kind === 'indexBackwards') {
      this.#indexLag = index - 1;
      return () => {
        this.#indexLag = 0;
      };
    }
    const plan: Plan = { kind, path, left: times ?? Number.POSITIVE_INFINITY };
    this.#plans.add(plan);
    return () => {
      this.#plans.delete(plan);
    };
  }

  /** How a request of this path goes wrong; undefined: not at all. Counts it. */
  take(path: string): Exclude<Misbehaviour, 'indexBackwards'> | undefined {
    for (const plan of this.#plans) {
      if (!path.startsWith(plan.path) || plan.kind === 'indexBackwards') continue;
      plan.left -= 1;
      if (plan.left <= 0) this.#plans.delete(plan);
      return plan.kind;
    }
    return undefined;
  }
}
