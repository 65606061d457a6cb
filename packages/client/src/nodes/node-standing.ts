import type { NodeState } from '@micromesh/core';
import type { Standing } from '@micromesh/selector';
import { type Intervention, wordsOf } from '../interventions/intervention.js';
import type { ConnectionState } from '../transport/transport.js';
import { isUsable, stateOf } from './node-state.js';

/** What a node's standing follows from. */
export interface StandingFacts {
  readonly now: number;
  readonly channel: ConnectionState;
  readonly isSilent: boolean;
  readonly isSuspected: boolean;
  readonly intervention: Intervention | undefined;
  /** Micromesh's own. */
  readonly ejection: { readonly inForce: boolean; readonly cause: string };
}

/** Hears what becomes of a node's standing. */
export interface StandingListener {
  /** Calls may go elsewhere than before. */
  onChange(): void;
  /** People are told. */
  onNews(state: NodeState, cause: string): void;
}

/** Whether calls may go to a node, by all that is known of it, and since when and why not. */
export class NodeStanding {
  current: Standing = 'connecting';
  /** Without micromesh's own ejection: what calls go by whose destination has rules of its own. */
  factual: Standing = 'connecting';
  /** Why the node is not healthy, in words; empty when it is. */
  cause = '';
  /** On the mesh's clock. */
  usableSince = Number.NEGATIVE_INFINITY;

  constructor(
    private readonly facts: () => StandingFacts,
    private readonly listener: StandingListener,
  ) {}

  /**
   * Something about the node is other than before.
   *
   * @param news - what it is, in words; empty: nothing that people need to hear of.
   */
  renew(news: string): void {
    const facts = this.facts();
    const before = this.current;
    const factualBefore = this.factual;
    this.factual = factualStanding(facts);
    this.current = facts.ejection.inForce && isUsable(this.factual) ? 'ejected' : this.factual;
    const isOther = this.current !== before || this.factual !== factualBefore;
    const cause = causeOf(this.current, facts, news);
    if (this.current === before && (cause === '' || cause === this.cause)) {
      if (isOther) this.listener.onChange();
      return;
    }
    if (isUsable(this.current) && !isUsable(before)) this.usableSince = facts.now;
    this.cause = this.current === 'healthy' ? '' : cause;
    // To be asked is no change of state; what comes of it is.
    const asked = this.current === 'suspect' || before === 'suspect';
    const state = stateOf(this.current);
    if (!asked || state !== stateOf(before)) this.listener.onNews(state, cause);
    if (isOther) this.listener.onChange();
  }
}

function factualStanding({ channel, isSilent, isSuspected, intervention }: StandingFacts): Standing {
  if (channel === 'failed') return 'disconnected';
  if (channel === 'connecting') return 'connecting';
  if (isSilent) return 'silent';
  if (intervention !== undefined) return 'held';
  return isSuspected ? 'suspect' : 'healthy';
}

/** Out for a reason of before: to be connected again, say, is no news to that. */
function causeOf(standing: Standing, { intervention, ejection }: StandingFacts, news: string): string {
  if (standing === 'held' && intervention !== undefined) return wordsOf(intervention);
  return standing === 'ejected' && news === '' ? ejection.cause : news;
}
