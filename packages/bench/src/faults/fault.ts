import type { Stage } from './stage/stage.js';
import type { StageSetting } from './stage/stage-setting.js';

/** What the command line says of outages. */
export interface OutageSetting {
  /** How long what is away stays away, in ms. */
  readonly outageMs: number;
}

/** Something that goes wrong, and what a run of it is made of. */
export interface Fault extends StageSetting {
  /** For `--only` and the JSON. */
  readonly name: string;
  /** One line for people. */
  readonly title: string;
  /** How long calls are watched from the fault on, in ms; default 6000, and for an outage so long after its end. */
  readonly afterMs?: number;
  /** Whether something is away for `outageMs`, and is back then; default false. */
  readonly isOutage?: boolean;
  /** Whether a healthy node is left all the time, so that micromesh promises that no call fails; default true. */
  readonly healthyLeft?: boolean;
  /** The share of all attempts that fails on purpose, wherever they go; default 0. */
  readonly failRatio?: number;
  /** Whether nodes answer errors themselves, which a client that repeats nothing passes on; default false. */
  readonly answersErrors?: boolean;
  /** Whether calls that were inside a struck node must fail, and at once: streams that have begun; default false. */
  readonly breaksStreams?: boolean;
  /** Of the rate of calls, how much of it; default 1. */
  readonly rateRatio?: number;
  /** What is done before the first call; default nothing. */
  prepare?(stage: Stage): Promise<void>;
  /** What comes just before it, under load, and takes nothing away; default nothing. */
  lead?(stage: Stage): Promise<void>;
  /** Does it; resolves when it is over. */
  bring(stage: Stage, setting: OutageSetting): Promise<void>;
}
