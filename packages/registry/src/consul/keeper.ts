/** What keeps one node registered at one agent. */
export interface Keeper {
  /** `consul 127.0.0.1:8500` */
  readonly description: string;
  /** Writes the node and makes it pass. */
  register(signal: AbortSignal): Promise<void>;
  /** Says that the node lives; gives whether the agent still holds it. */
  beat(signal: AbortSignal): Promise<'held' | 'forgotten'>;
  /** Takes the node away; an agent that does not hold it has nothing to do. */
  deregister(signal: AbortSignal): Promise<void>;
}
