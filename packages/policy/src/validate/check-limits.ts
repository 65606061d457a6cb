import { readHost } from '../hosts/read-host.js';
import { ANY } from '../hosts/service-pattern.js';
import { checkHost } from './check-host.js';
import type { Finder } from './finder.js';
import type { ConcurrencyLimit, RateLimit } from './resource.js';

/** All that can be said of a RateLimit by itself. */
export function checkRateLimit({ spec, namespace }: RateLimit, find: Finder): void {
  checkHost(spec.host, namespace, ['spec', 'host'], find);
  findElsewhere(spec, namespace, find);
  findTwice(spec.methods, 'methods', find);
  findTwice(spec.perHeaders, 'perHeaders', find);
  if (
    spec.maxKeys !== undefined &&
    spec.perHeaders === undefined &&
    !find.isUncertain(['spec', 'perHeaders'])
  ) {
    find.warning(
      ['spec', 'maxKeys'],
      'maxKeys is of perHeaders, and there are none',
      'write perHeaders, or take it out',
    );
  }
  const { maxTokens, tokensPerFill = 1 } = spec.tokenBucket;
  if (tokensPerFill > maxTokens) {
    find.warning(
      ['spec', 'tokenBucket', 'tokensPerFill'],
      `a fill of ${tokensPerFill} overflows a bucket of ${maxTokens}`,
      `give at most ${maxTokens}, or a larger maxTokens`,
    );
  }
}

/** All that can be said of a ConcurrencyLimit by itself. */
export function checkConcurrencyLimit({ spec, namespace }: ConcurrencyLimit, find: Finder): void {
  checkHost(spec.host, namespace, ['spec', 'host'], find);
  findElsewhere(spec, namespace, find);
  findTwice(spec.methods, 'methods', find);
  const isQueueKnown = !find.isUncertain(['spec', 'maxQueued']);
  if (spec.queueTimeout !== undefined && (spec.maxQueued ?? 0) === 0 && isQueueKnown) {
    find.error(['spec', 'queueTimeout'], 'nothing waits: maxQueued is 0', 'give maxQueued, or take it out');
  }
}

/** A server is local to itself, whatever its callers elsewhere say. */
function findElsewhere(
  { host, side = 'server' }: Pick<RateLimit['spec'], 'host' | 'side'>,
  namespace: string | undefined,
  find: Finder,
): void {
  if (side === 'client' || find.isUncertain(['spec', 'side'])) return;
  const read = readHost(host, namespace);
  if (read.kind !== 'service') return;
  const { datacenter = ANY, peer = ANY } = read.pattern;
  if (datacenter === ANY && peer === ANY) return;
  find.warning(
    ['spec', 'host'],
    `no server counts by ${host}: it does not know itself by a datacenter or a peer`,
    'leave that out in the policies of its own datacenter, or write side: client',
  );
}

function findTwice(list: readonly string[] | undefined, field: string, find: Finder): void {
  const seen = new Set<string>();
  for (const [index, item] of (list ?? []).entries()) {
    if (seen.has(item)) find.error(['spec', field, index], `${item} is there twice`, 'keep one of them');
    seen.add(item);
  }
}
