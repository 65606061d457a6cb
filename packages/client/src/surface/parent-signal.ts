import type { ChannelInterface } from '@grpc/grpc-js';
import { createAbortController } from '@micromesh/core';

/** A grpc-js server call, as `{ parent }` of a stub's call options names it. */
export type ParentCall = NonNullable<Parameters<ChannelInterface['createCall']>[3]>;

/** A use of a parent's signal. */
export interface ParentSignal {
  readonly signal: AbortSignal;
  /** The call that used it is over. */
  readonly end: () => void;
}

interface SharedSignal {
  readonly controller: AbortController;
  readonly abort: () => void;
  users: number;
}

const signals = new WeakMap<ParentCall, SharedSignal>();

/**
 * The cancellation of a grpc-js server call as a signal. However many calls work for one parent, it carries one listener,
 * and none after the last of them: grpc-js itself leaves one a call.
 */
export function signalOfParent(parent: ParentCall): ParentSignal {
  let shared = signals.get(parent);
  if (shared === undefined) {
    const controller = createAbortController();
    shared = { controller, abort: () => controller.abort(), users: 0 };
    if (parent.cancelled) controller.abort();
    else parent.once('cancelled', shared.abort);
    signals.set(parent, shared);
  }
  const used = shared;
  used.users++;
  return { signal: used.controller.signal, end: () => leave(parent, used) };
}

function leave(parent: ParentCall, shared: SharedSignal): void {
  if (--shared.users > 0) return;
  parent.off('cancelled', shared.abort);
  signals.delete(parent);
}
