import { nearestName } from '@micromesh/core';
import { readHost } from '../../hosts/read-host.js';
import { exactService, matchesService, type ServicePattern } from '../../hosts/service-pattern.js';
import { destinationsOf } from '../virtual-service/hosts.js';
import { destinationRules, type Folder, virtualServices } from './folder.js';

interface Defined {
  readonly pattern: ServicePattern;
  readonly subsets: readonly string[];
  readonly isUncertain: boolean;
}

/** Subsets that calls are sent to, and that no DestinationRule defines. */
export function checkSubsets(folder: Folder): void {
  const defined: Defined[] = [];
  for (const { resource, find } of destinationRules(folder)) {
    const read = readHost(resource.spec.host, resource.namespace);
    if (read.kind !== 'service') continue;
    defined.push({
      pattern: read.pattern,
      subsets: (resource.spec.subsets ?? []).map(({ name }) => name),
      isUncertain: find.isUncertain(['spec', 'subsets']),
    });
  }
  for (const { resource, find } of virtualServices(folder)) {
    for (const [index, rule] of (resource.spec.http ?? []).entries()) {
      for (const { host, subset, path } of destinationsOf(rule)) {
        if (subset === undefined) continue;
        const read = readHost(host, resource.namespace);
        const service = read.kind === 'service' ? exactService(read.pattern) : undefined;
        if (service === undefined) continue;
        const rules = defined.filter(({ pattern }) => matchesService(pattern, service));
        const names = rules.flatMap(({ subsets }) => subsets);
        if (names.includes(subset) || rules.some(({ isUncertain }) => isUncertain)) continue;
        const at = ['spec', 'http', index, ...path, 'subset'];
        if (rules.length === 0) {
          find.warning(
            at,
            `no DestinationRule here defines the subset ${subset} of ${host}`,
            'define it, unless another source of policies does',
          );
          continue;
        }
        const near = nearestName(subset, names);
        find.error(
          at,
          `${host} has no subset ${subset}`,
          near !== undefined
            ? `did you mean ${near}?`
            : names.length === 0
              ? 'define it in the subsets of the DestinationRule'
              : `it has ${names.join(', ')}`,
        );
      }
    }
  }
}
