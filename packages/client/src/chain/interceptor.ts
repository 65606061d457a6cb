import type { Outcome } from '@micromesh/core';

/** Carries a call, or one attempt of it, to its end. Never rejects: what goes wrong is an outcome. */
export type Invoke<C> = (call: C) => Promise<Outcome>;

/** One layer of the chain: gets the layers below, gives itself with them. */
export type Interceptor<In, Out = In> = (next: Invoke<Out>) => Invoke<In>;
