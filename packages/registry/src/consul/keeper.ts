/**
 * What a beat has found: the entry stands; the agent has none; or it stands, and the agent's own check cannot reach the
 * node, which lives: it is to be registered anew, with heartbeats.
 */
export type BeatResult = 'held' | 'forgotten' | 'unreachable';

/** What keeps one node registered at one agent. */
export interface Keeper {
  /** `consul 127.0.0.1:8500` */
  readonly description: string;
  /** Writes the node and makes it pass. */
  register(signal: AbortSignal): Promise<void>;
  /** Says that the node lives. */
  beat(signal: AbortSignal): Promise<BeatResult>;
  /** Takes the node away; an agent that does not hold it has nothing to do. */
  deregister(signal: AbortSignal): Promise<void>;
}
