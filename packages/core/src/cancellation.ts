import { setMaxListeners } from 'node:events';

const fanOuts = new WeakMap<AbortSignal, Set<() => void>>();

/**
 * Calls `listener` once when the signal aborts (at once when it has), and gives the function that takes it off again.
 *
 * However many calls share a signal, it carries one listener: Node warns of a leak at the eleventh.
 */
export function onAbort(signal: AbortSignal, listener: () => void): () => void {
  if (signal.aborted) {
    listener();
    return nothing;
  }
  let listeners = fanOuts.get(signal);
  if (listeners === undefined) {
    listeners = new Set();
    fanOuts.set(signal, listeners);
  }
  const fanOut = listeners;
  if (fanOut.size === 0) {
    const run = () => {
      for (const each of [...fanOut]) {
        fanOut.delete(each);
        each();
      }
    };
    signal.addEventListener('abort', run, { once: true });
    takeOff.set(fanOut, () => signal.removeEventListener('abort', run));
  }
  fanOut.add(listener);
  return () => {
    if (fanOut.delete(listener) && fanOut.size === 0) takeOff.get(fanOut)?.();
  };
}

const takeOff = new WeakMap<Set<() => void>, () => void>();

function nothing(): void {}

/** An AbortController whose signal may have any number of listeners without a warning. */
export function createAbortController(): AbortController {
  const controller = new AbortController();
  setMaxListeners(0, controller.signal);
  return controller;
}
