import { AsyncLocalStorage } from 'node:async_hooks';
import type { CallOptions } from './call-options.js';

const NOTHING: CallOptions = {};
const storage = new AsyncLocalStorage<CallOptions>();
let used = false;

/** Options for the calls that `work` makes through stubs, which have no place for them; inner ones win value by value. */
export function withOptions<T>(options: CallOptions, work: () => T): T {
  used = true;
  return storage.run({ ...ambientOptions(), ...options }, work);
}

/** What {@link withOptions} says around the current code. */
export function ambientOptions(): CallOptions {
  return used ? (storage.getStore() ?? NOTHING) : NOTHING;
}
