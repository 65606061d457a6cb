import type { ServiceKey } from '@micromesh/core';
import { readHost } from '../hosts/read-host.js';
import { ANY, comparePatterns, matchesService, type ServicePattern } from '../hosts/service-pattern.js';

/** A host that a resource is for, and what is found by it. */
interface Entry<T> {
  readonly pattern: ServicePattern | undefined;
  /** In lower case; empty where the host is a pattern of services. */
  readonly domain: string;
  readonly found: T;
}

/** Finds what is for a service, or for a name of the internet, by the hosts that resources name; the most specific host counts. */
export class HostIndex<T> {
  readonly #entries: Entry<T>[] = [];

  /** Adds a host; of two that are as specific the first that was added comes first. */
  add(host: string, namespace: string | undefined, found: T): void {
    const read = readHost(host, namespace);
    if (read.kind === 'service') this.#entries.push({ pattern: read.pattern, domain: '', found });
    else if (read.kind === 'domain') {
      this.#entries.push({ pattern: undefined, domain: host.toLowerCase(), found });
    }
  }

  /** All that is for a service by its most specific host, in the order in which it was added. */
  ofService(service: ServiceKey): readonly T[] {
    let best: ServicePattern | undefined;
    let found: T[] = [];
    for (const { pattern, found: each } of this.#entries) {
      if (pattern === undefined || !matchesService(pattern, service)) continue;
      const order = best === undefined ? -1 : comparePatterns(pattern, best);
      if (order > 0) continue;
      if (order < 0) {
        best = pattern;
        found = [];
      }
      found.push(each);
    }
    return found;
  }

  /** The first that is for a name of the internet, by its most specific host: the name, `*.` and the longest end of it, `*`. */
  ofDomain(name: string): T | undefined {
    const lower = name.toLowerCase();
    let best: Entry<T> | undefined;
    for (const entry of this.#entries) {
      const { domain, pattern } = entry;
      const matches =
        pattern === undefined
          ? domain === lower || (domain.startsWith('*.') && lower.endsWith(domain.slice(1)))
          : pattern.name === ANY && pattern.datacenter === ANY;
      if (matches && (best === undefined || rank(entry, lower) > rank(best, lower))) best = entry;
    }
    return best?.found;
  }
}

function rank({ domain }: Entry<unknown>, name: string): number {
  return domain === name ? Number.POSITIVE_INFINITY : domain.length;
}
