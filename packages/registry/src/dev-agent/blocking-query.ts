import type { Clock, Random } from '@micromesh/core';
import { onAbort } from '@micromesh/core';
import type { Read } from './catalog.js';
import type { Changes, Topic } from './changes.js';
import { parseGoDuration } from './go-values.js';
import { Refusal } from './refusal.js';

const DEFAULT_WAIT_MS = 300_000;
const MAX_WAIT_MS = 600_000;
/** Consul adds up to a sixteenth to each wait, so that not all clients come back at once. */
const JITTER_FRACTION = 16;

/** What blocking queries of one agent share. */
export interface QueryWorld {
  readonly changes: Changes;
  readonly clock: Clock;
  readonly random: Random;
  /** By how much the indexes that clients see lag behind the real ones; 0 but when the agent misbehaves. */
  readonly indexLag: () => number;
}

/** What was read, with the headers that go with it. */
export interface QueryAnswer<T> {
  readonly value: T;
  readonly headers: Readonly<Record<string, string>>;
}

/** What a request asks of a read. */
export interface QueryOptions {
  readonly consistency: 'leader' | 'stale' | 'consistent';
  /** 0: an answer at once. */
  readonly index: number;
  readonly waitMs: number;
  readonly datacenter: string;
}

/** Reads the parameters that all reads have. */
export function readQueryOptions(query: URLSearchParams): QueryOptions {
  const waitMs = readWait(query);
  const index = readIndex(query);
  return { consistency: readConsistency(query), index, waitMs, datacenter: query.get('dc') ?? '' };
}

/**
 * Reads; where the request names an index, not before the read has a later one, or its `wait` is over. A write that moves
 * the index of another row wakes nobody.
 */
export async function answerQuery<T>(
  { index: asked, waitMs, datacenter }: QueryOptions,
  gone: AbortSignal,
  world: QueryWorld,
  read: () => Read<T>,
): Promise<QueryAnswer<T>> {
  checkDatacenter(datacenter);
  const minIndex = asked === 0 ? 0 : asked + world.indexLag();
  const deadline = world.clock.now() + waitMs + (world.random() * waitMs) / JITTER_FRACTION;
  let last = read();
  while (minIndex > 0 && seen(last) <= minIndex) {
    const end = await nextWrite(world, last.wokenBy, deadline, gone);
    last = read();
    if (end !== 'written') break;
  }
  return {
    value: last.value,
    headers: {
      'X-Consul-Index': String(Math.max(1, seen(last) - world.indexLag())),
      'X-Consul-KnownLeader': 'true',
      'X-Consul-LastContact': '0',
    },
  };
}

// An index of 0 would make clients ask again without a pause.
function seen({ index }: Read<unknown>): number {
  return Math.max(1, index);
}

function nextWrite(
  { changes, clock }: QueryWorld,
  wokenBy: (topic: Topic) => boolean,
  deadline: number,
  gone: AbortSignal,
): Promise<'written' | 'timeOver' | 'gone'> {
  return new Promise((resolve) => {
    const end = (how: 'written' | 'timeOver' | 'gone') => {
      unsubscribe();
      timer.cancel();
      forget();
      resolve(how);
    };
    const unsubscribe = changes.subscribe(wokenBy, () => end('written'));
    const timer = clock.setTimer(deadline - clock.now(), () => end('timeOver'));
    let forget = () => {};
    forget = onAbort(gone, () => end('gone'));
  });
}

/** Refuses a datacenter that there is not. */
export function checkDatacenter(datacenter: string): void {
  if (datacenter === '' || datacenter === 'dc1') return;
  throw new Refusal(500, 'No path to datacenter');
}

function readConsistency(query: URLSearchParams): QueryOptions['consistency'] {
  if (query.has('stale') && query.has('consistent')) {
    throw new Refusal(400, 'Cannot specify ?stale with ?consistent, conflicting semantics.');
  }
  if (query.has('stale')) return 'stale';
  return query.has('consistent') ? 'consistent' : 'leader';
}

function readIndex(query: URLSearchParams): number {
  const text = query.get('index') ?? '';
  if (text === '') return 0;
  if (!/^\d{1,20}$/.test(text)) throw new Refusal(400, 'Invalid index');
  return Number(text);
}

function readWait(query: URLSearchParams): number {
  const text = query.get('wait') ?? '';
  if (text === '') return DEFAULT_WAIT_MS;
  const ms = parseGoDuration(text);
  if (ms === undefined) throw new Refusal(400, 'Invalid wait time');
  return ms <= 0 ? DEFAULT_WAIT_MS : Math.min(ms, MAX_WAIT_MS);
}
