import type { Outcome } from '@micromesh/core';

/** Carries a call, or one attempt of it, to its end. Never rejects: what goes wrong is an outcome. */
export type Invoke<C> = (call: C) => Promise<Outcome>;

/** One layer of the chain: gets the layers below, gives itself with them. */
export type Interceptor<In, Out = In> = (next: Invoke<Out>) => Invoke<In>;

/**
 * A layer that only looks on, before and after the layers below: neighbours of this kind share one promise, and a promise
 * is most of what a layer costs.
 */
export interface Bracket<C> {
  /** May answer in the place of the layers below; its own `after` is then left out. */
  before?(call: C): Outcome | undefined;
  after(call: C, outcome: Outcome): void;
}
