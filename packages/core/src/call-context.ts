import { AsyncLocalStorage } from 'node:async_hooks';

/** What a handler's downstream calls inherit without being passed anything. */
export interface CallContext {
  /** On the mesh's monotonic clock; Infinity: none. */
  readonly deadline: number;
  /** Aborts when the caller has gone, until the handler settles. */
  readonly signal: AbortSignal;
  /** Which attempt of its caller the server call is, 1 for the first: what serves a retry makes none of its own. */
  readonly attempt: number;
}

const storage = new AsyncLocalStorage<CallContext | undefined>();

/** The context of the server call that the current code works for; undefined outside a handler. */
export function currentCallContext(): CallContext | undefined {
  return storage.getStore();
}

/** Runs `work` for a server call: what it calls inherits the deadline and the cancellation. */
export function runInCallContext<T>(context: CallContext, work: () => T): T {
  return storage.run(context, work);
}

/** Runs `work` outside the deadline and cancellation of the current server call. */
export function runDetached<T>(work: () => T): T {
  return storage.run(undefined, work);
}
