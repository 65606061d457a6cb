import { ConfigError, nearestName } from '@micromesh/core';
import type { Kind } from '@micromesh/policy';

const NAMES: Readonly<Record<string, Kind>> = {
  virtualservice: 'VirtualService',
  vs: 'VirtualService',
  destinationrule: 'DestinationRule',
  dr: 'DestinationRule',
  ratelimit: 'RateLimit',
  concurrencylimit: 'ConcurrencyLimit',
};

/**
 * Reads a kind as people write it: `VirtualService`, `virtualservices`, `vs`.
 *
 * @throws ConfigError when it is none that is applied.
 */
export function parseKind(text: string): Kind {
  const word = text.toLowerCase();
  const found = [word, word.replace(/s$/, '')].find((each) => Object.hasOwn(NAMES, each));
  const kind = found === undefined ? undefined : NAMES[found];
  if (kind !== undefined) return kind;
  const kinds = [...new Set(Object.values(NAMES))];
  const near = nearestName(text, kinds);
  const mend = near === undefined ? `write ${kinds.join(', ')}` : `did you mean ${near}?`;
  throw new ConfigError('KIND', text, 'is no kind that is applied', mend);
}
