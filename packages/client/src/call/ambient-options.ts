import { AsyncLocalStorage } from 'node:async_hooks';
import type { CallOptions } from './call-options.js';

const NOTHING: CallOptions = {};
const storage = new AsyncLocalStorage<CallOptions>();
let used = false;

/** Options for the calls that `work` makes through stubs, which have no place for them; inner ones win value by value. */
export function withOptions<T>(options: CallOptions, work: () => T): T {
  used = true;
  return storage.run(overAmbient(options), work);
}

/** Options over what {@link withOptions} says around the current code; undefined is not a value that wins. */
export function overAmbient<O extends CallOptions>(options: O): CallOptions & O {
  const ambient = ambientOptions();
  if (ambient === NOTHING) return options;
  const said = Object.entries(options).filter(([, value]) => value !== undefined);
  return { ...options, ...ambient, ...Object.fromEntries(said) };
}

/** What {@link withOptions} says around the current code. */
export function ambientOptions(): CallOptions {
  return used ? (storage.getStore() ?? NOTHING) : NOTHING;
}
