import { seededRandom } from '@micromesh/core';
import { LATENCY_SLOT_MS } from '../latency-window.js';
import { OutlierRecord } from '../outlier.js';
import { maxEjected, OUTLIER_DEFAULTS, type OutlierSettings } from '../outlier-settings.js';
import { Pace } from '../pace.js';

/** How long a node takes for a call that comes to it at a time, in ms. */
export type LatencyOf = (now: number, chance: number) => number;

interface FleetSetting {
  readonly nodes: readonly LatencyOf[];
  readonly callsPerSecond: number;
  readonly untilMs: number;
  readonly seed: number;
  readonly settings?: Partial<OutlierSettings>;
}

/** One node taken out. */
export interface SimulatedEjection {
  readonly node: number;
  readonly at: number;
  readonly lengthMs: number;
  readonly cause: string;
}

interface End {
  readonly at: number;
  readonly node: number;
  readonly latencyMs: number;
}

/** What becomes of nodes that succeed in any case, under calls that come at random and go to any that is not ejected. */
export class SimulatedFleet {
  readonly ejections: SimulatedEjection[] = [];
  /** How often a node was judged by its answers: at most once a slot of time. */
  judgements = 0;
  readonly #settings: OutlierSettings;
  readonly #records: readonly OutlierRecord[];
  readonly #paces: readonly Pace[];
  readonly #backAt: number[];
  #underWay: End[] = [];

  constructor({ nodes, callsPerSecond, untilMs, seed, settings }: FleetSetting) {
    this.#settings = { ...OUTLIER_DEFAULTS, ...settings };
    this.#records = nodes.map(() => new OutlierRecord(this.#settings));
    this.#paces = nodes.map(() => new Pace(LATENCY_SLOT_MS));
    this.#backAt = nodes.map(() => Number.POSITIVE_INFINITY);
    const random = seededRandom(seed);
    const pauseMs = () => (-Math.log(1 - random()) * 1000) / callsPerSecond;
    for (let now = 0; now < untilMs; now += pauseMs()) {
      this.#bringTo(now);
      const usable = nodes.flatMap((_, node) => (this.#records[node]?.isEjected ? [] : [node]));
      const node = usable[Math.floor(random() * usable.length)] ?? 0;
      const latencyMs = nodes[node]?.(now, random()) ?? 0;
      this.#underWay.push({ at: now + latencyMs, node, latencyMs });
    }
    this.#bringTo(untilMs);
  }

  #bringTo(now: number): void {
    const ended = this.#underWay.filter(({ at }) => at <= now);
    if (ended.length > 0) this.#underWay = this.#underWay.filter(({ at }) => at > now);
    for (const end of ended.sort((a, b) => a.at - b.at)) this.#answer(end);
    for (const [node, backAt] of this.#backAt.entries()) {
      if (backAt > now) continue;
      this.#backAt[node] = Number.POSITIVE_INFINITY;
      this.#records[node]?.restore(backAt);
    }
  }

  #answer({ at, node, latencyMs }: End): void {
    const record = this.#records[node];
    if (record === undefined) throw new Error('no such node');
    record.success(at, latencyMs);
    if (record.isEjected) return;
    if (this.#paces[node]?.isTime(at)) this.judgements++;
    const cause = record.outlierCause(at, () => this.#records.filter((each) => each !== record));
    const ejected = this.#records.filter((each) => each.isEjected).length;
    if (cause === undefined || ejected >= maxEjected(this.#records.length, this.#settings)) return;
    const lengthMs = record.eject(at);
    this.#backAt[node] = at + lengthMs;
    this.ejections.push({ node, at, lengthMs, cause });
  }
}
