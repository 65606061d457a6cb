/** Counts the listeners that a signal has from now on. */
export function countedListeners(signal: AbortSignal): { readonly count: number } {
  const listeners = { count: 0 };
  const add = signal.addEventListener.bind(signal);
  const remove = signal.removeEventListener.bind(signal);
  signal.addEventListener = (...args: Parameters<typeof add>) => {
    listeners.count++;
    add(...args);
  };
  signal.removeEventListener = (...args: Parameters<typeof remove>) => {
    listeners.count--;
    remove(...args);
  };
  return listeners;
}
