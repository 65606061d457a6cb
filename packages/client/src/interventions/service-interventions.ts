import {
  type Clock,
  events,
  formatServiceKey,
  type InterventionEvent,
  type Logger,
  messageOf,
  type ServiceKey,
  type Timer,
} from '@micromesh/core';
import type { KeyValueStore, KvEntry, KvWatch, KvWatchState } from '@micromesh/registry';
import { interventionsInForce } from './in-force.js';
import {
  INTERVENTIONS_PREFIX,
  type Intervention,
  interventionPrefix,
  readIntervention,
  sameIntervention,
  wordsOf,
} from './intervention.js';

/** Where operators say that a node is to be taken out, and who is told of it. */
export interface InterventionSource {
  readonly store: Pick<KeyValueStore, 'watch'>;
  readonly logger: Logger;
}

/** A node that can be taken out. */
export interface IntervenedNode {
  readonly node: { readonly id: string };
  intervene(intervention: Intervention | undefined): void;
}

/** A process that was suspended, or whose time was set, looks at its clock again within this. */
const RECHECK_MS = 60_000;

const MESSAGES: Readonly<Record<InterventionEvent['state'], string>> = {
  ejected: 'a node is ejected by hand',
  ended: 'a manual ejection has ended',
  restored: 'a manual ejection was taken back',
  ignored: 'a manual ejection is ignored',
  unreadable: 'a manual ejection cannot be read',
};

/** What operators want of the nodes of one service: watched in the registry's key-value store, and ended by the clock. */
export class ServiceInterventions {
  readonly #service: ServiceKey;
  readonly #logger: Logger;
  readonly #clock: Clock;
  readonly #changed: () => void;
  readonly #watch: KvWatch | undefined;
  /** Of this service's records; those of others are passed over. */
  #prefix = '';
  #wanted: ReadonlyMap<string, Intervention> = new Map();
  #ejected: ReadonlyMap<string, Intervention> = new Map();
  #ignored: Intervention | undefined;
  /** The write of each unreadable record, by key, so that each is told once. */
  #unreadable: ReadonlyMap<string, number> = new Map();
  #nextEnd: Timer | undefined;
  #closed = false;

  /** @param changed - called when {@link applyTo} is to be called again. */
  constructor(service: ServiceKey, source: InterventionSource, clock: Clock, changed: () => void) {
    this.#service = service;
    this.#logger = source.logger;
    this.#clock = clock;
    this.#changed = changed;
    this.#watch = this.#open(source.store);
    this.#watch?.subscribe((state) => this.#onWatch(state, changed));
    if (this.#watch !== undefined) this.#onWatch(this.#watch.state, () => {});
  }

  /** A name that no store can hold has no interventions; its calls must not suffer by it. */
  #open(store: InterventionSource['store']): KvWatch | undefined {
    try {
      this.#prefix = interventionPrefix(this.#service);
      // All services of a process watch the same keys: that is one watch, and one connection to Consul, for all of them.
      return store.watch(INTERVENTIONS_PREFIX);
    } catch (error) {
      const service = formatServiceKey(this.#service);
      this.#logger.warn(
        { service, error: messageOf(error) },
        'manual ejections of its nodes are not watched',
      );
      return undefined;
    }
  }

  #onWatch(state: KvWatchState, changed: () => void): void {
    // Until the store has spoken nobody has been taken out; while it is silent its last word counts.
    if (this.#closed || state.kind === 'unknown') return;
    this.#read(state.entries);
    this.#expectEnd();
    changed();
  }

  #read(entries: readonly KvEntry[]): void {
    const wanted = new Map<string, Intervention>();
    const unreadable = new Map<string, number>();
    const now = this.#clock.wallNow();
    for (const { key, value, modifyIndex } of entries) {
      if (!key.startsWith(this.#prefix)) continue;
      const record = readIntervention(this.#service, key, value);
      if (record === undefined) continue;
      if (record.kind === 'unreadable') {
        unreadable.set(key, modifyIndex);
        if (this.#unreadable.get(key) === modifyIndex) continue;
        this.#tell('unreadable', record.nodeId, `the record ${key} ${record.problem}`);
      } else if (record.intervention.untilMs > now) {
        wanted.set(record.intervention.nodeId, record.intervention);
      }
    }
    this.#wanted = wanted;
    this.#unreadable = unreadable;
  }

  #expectEnd(): void {
    this.#nextEnd?.cancel();
    this.#nextEnd = undefined;
    if (this.#wanted.size === 0) return;
    const next = Math.min(...[...this.#wanted.values()].map(({ untilMs }) => untilMs));
    const waitMs = Math.max(1, Math.min(RECHECK_MS, next - this.#clock.wallNow()));
    this.#nextEnd = this.#clock.setTimer(waitMs, () => this.#endSome(), false);
  }

  #endSome(): void {
    const now = this.#clock.wallNow();
    const left = [...this.#wanted].filter(([, { untilMs }]) => untilMs > now);
    const ended = left.length < this.#wanted.size;
    this.#wanted = new Map(left);
    this.#expectEnd();
    if (ended) this.#changed();
  }

  /** Takes nodes out and lets them in again, as things stand; costs nothing where nobody has intervened. */
  applyTo(present: Iterable<IntervenedNode>): void {
    const idle = this.#wanted.size === 0 && this.#ejected.size === 0 && this.#ignored === undefined;
    if (this.#closed || idle) return;
    // A copy: what one of them makes of it may change the list.
    const nodes = [...present];
    const ids = nodes.map(({ node }) => node.id);
    const before = this.#ejected;
    const { ejected, ignored } = interventionsInForce(ids, this.#wanted);
    this.#ejected = ejected;
    this.#tellIgnored(ignored);
    for (const each of nodes) {
      const { id } = each.node;
      this.#tellChange(id, before.get(id), ejected.get(id));
      each.intervene(ejected.get(id));
    }
  }

  #tellIgnored(ignored: Intervention | undefined): void {
    if (ignored !== undefined && !sameIntervention(ignored, this.#ignored)) {
      this.#tell('ignored', ignored.nodeId, `no other node would be left, so it is not ${wordsOf(ignored)}`);
    }
    this.#ignored = ignored;
  }

  #tellChange(nodeId: string, before: Intervention | undefined, after: Intervention | undefined): void {
    if (sameIntervention(before, after)) return;
    if (after !== undefined) {
      this.#tell('ejected', nodeId, wordsOf(after));
    } else if (before !== undefined && nodeId !== this.#ignored?.nodeId) {
      const ended = before.untilMs <= this.#clock.wallNow();
      this.#tell(ended ? 'ended' : 'restored', nodeId, `was ${wordsOf(before)}`);
    }
  }

  #tell(state: InterventionEvent['state'], nodeId: string, cause: string): void {
    const level = state === 'unreadable' || state === 'ignored' ? 'warn' : 'info';
    this.#logger[level]({ service: formatServiceKey(this.#service), nodeId, cause }, MESSAGES[state]);
    if (!events.intervention.heard) return;
    events.intervention.publish({ service: this.#service, nodeId, state, cause });
  }

  /** Ends the watch; no timer is left, and nothing is applied any more. */
  close(): void {
    this.#closed = true;
    this.#nextEnd?.cancel();
    this.#watch?.close();
  }
}
