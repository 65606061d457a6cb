import { type Random, seededRandom } from '@micromesh/core';
import type { Strategy } from '../strategy.js';
import { type TestCandidate, testCandidate } from './test-candidate.js';

/** What a node does with a call that it gets at a time. */
export type Behaviour = (now: number) => { readonly latencyMs: number; readonly failed: boolean };

interface Load {
  readonly strategy: Strategy;
  readonly nodes: Readonly<Record<string, Behaviour>>;
  readonly callsPerSecond: number;
  readonly untilMs: number;
  readonly seed?: number;
}

interface CallUnderWay {
  readonly candidate: TestCandidate;
  readonly endsAt: number;
  readonly latencyMs: number;
  readonly failed: boolean;
}

/** Who got which call, under calls that arrive at random. */
export class SimulatedLoad {
  readonly #picks: { readonly at: number; readonly id: string }[] = [];
  #underWay: CallUnderWay[] = [];

  constructor(load: Load) {
    const random = seededRandom(load.seed ?? 1);
    const candidates = Object.keys(load.nodes).map((id) => testCandidate(id));
    for (let now = nextArrival(0, load, random); now < load.untilMs; now = nextArrival(now, load, random)) {
      this.#finish(load.strategy, now);
      const candidate = load.strategy.pick(candidates, now);
      const chosen = candidates.find((each) => each === candidate);
      const behaviour = load.nodes[candidate.node.id];
      if (chosen === undefined || behaviour === undefined) throw new Error('picked none of the candidates');
      this.#picks.push({ at: now, id: candidate.node.id });
      chosen.inFlight++;
      const { latencyMs, failed } = behaviour(now);
      this.#underWay.push({ candidate: chosen, endsAt: now + latencyMs, latencyMs, failed });
    }
  }

  /** The share of calls that the node got from one time to another. */
  share(id: string, fromMs: number, toMs: number): number {
    const calls = this.#picks.filter(({ at }) => at >= fromMs && at < toMs);
    return calls.filter((call) => call.id === id).length / calls.length;
  }

  #finish(strategy: Strategy, now: number): void {
    const ended = this.#underWay.filter(({ endsAt }) => endsAt <= now).sort((a, b) => a.endsAt - b.endsAt);
    this.#underWay = this.#underWay.filter(({ endsAt }) => endsAt > now);
    for (const { candidate, endsAt, latencyMs, failed } of ended) {
      candidate.inFlight--;
      strategy.observe?.(candidate, { now: endsAt, latencyMs, failed });
    }
  }
}

function nextArrival(now: number, { callsPerSecond }: Load, random: Random): number {
  return now - (Math.log(1 - random()) * 1000) / callsPerSecond;
}
