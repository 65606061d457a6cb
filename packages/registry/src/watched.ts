import { type Watch, WatchHandles } from './watch-handles.js';

/** What is known of a thing that is watched: nothing yet, the word of who holds it, or the last good word while that one does not answer. */
export type Known<V> =
  | { readonly kind: 'unknown'; readonly error?: string }
  | { readonly kind: 'current'; readonly value: V }
  | { readonly kind: 'stale'; readonly value: V; readonly error: string };

/**
 * One thing that is watched, told to all watches of it. Failures never empty it.
 *
 * @typeParam V - what its holder says of it.
 * @typeParam S - the states that watches have, as {@link Watched.show} makes them.
 */
export abstract class Watched<V, S> {
  readonly #watches = new WatchHandles<S>(
    () => this.#state,
    (error) => this.onThrow(error),
  );
  #known: Known<V> = { kind: 'unknown' };
  #state: S;
  #failing = false;

  /** @param unknown - the state before the first word. */
  constructor(unknown: S) {
    this.#state = unknown;
  }

  get state(): S {
    return this.#state;
  }

  /** Takes the holder's word; gives whether it is another than before. */
  current(next: V): boolean {
    const before = valueIn(this.#known);
    const changed = before === undefined || !this.same(before, next);
    if (this.#failing) {
      this.#failing = false;
      this.onRecovery();
    }
    if (!changed && this.#known.kind === 'current') return false;
    if (changed) this.onChange(before, next);
    this.#become({ kind: 'current', value: changed ? next : before });
    return changed;
  }

  /** Takes a word that cannot be relied on: it only counts where there is no other, and only if it says something. */
  doubtful(next: V, error: string): void {
    if (valueIn(this.#known) === undefined && !this.isEmpty(next)) {
      this.onChange(undefined, next);
      this.#become({ kind: 'stale', value: next, error });
    }
    this.failing(error);
  }

  /** The holder does not answer; the last good word stays. */
  failing(error: string): void {
    if (!this.#failing) {
      this.#failing = true;
      this.onFailure(error);
    }
    const known = this.#known;
    if (known.kind !== 'current' && known.error === error) return;
    this.#become(
      known.kind === 'unknown' ? { kind: 'unknown', error } : { kind: 'stale', value: known.value, error },
    );
  }

  /** Opens one more watch; `onLast` is called when the last of them was closed. */
  open(onLast: () => void): Watch<S> {
    return this.#watches.open(onLast);
  }

  /** Closes all watches. */
  closeAll(): void {
    this.#watches.closeAll();
  }

  protected abstract show(known: Known<V>): S;
  protected abstract same(a: V, b: V): boolean;
  protected abstract isEmpty(value: V): boolean;
  /** There is another word than before. */
  protected abstract onChange(before: V | undefined, next: V): void;
  /** The first failure since the last word. */
  protected abstract onFailure(error: string): void;
  /** The first word since a failure. */
  protected abstract onRecovery(): void;
  /** A listener of a watch threw. */
  protected abstract onThrow(error: unknown): void;

  #become(known: Known<V>): void {
    this.#known = known;
    this.#state = this.show(known);
    this.#watches.tell(this.#state);
  }
}

function valueIn<V>(known: Known<V>): V | undefined {
  return known.kind === 'unknown' ? undefined : known.value;
}
