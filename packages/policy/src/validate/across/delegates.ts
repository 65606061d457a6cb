import { nearestName } from '@micromesh/core';
import type { VirtualService } from '../resource.js';
import { type Checked, type Folder, virtualServices } from './folder.js';

/** Rules that are taken from another VirtualService: it is there, has no hosts, and does not delegate in turn. */
export function checkDelegates(folder: Folder): void {
  const all = virtualServices(folder);
  const asked = new Set<Checked<VirtualService>>();
  for (const { resource, find } of all) {
    for (const [index, { delegate }] of (resource.spec.http ?? []).entries()) {
      if (delegate === undefined) continue;
      const path = ['spec', 'http', index, 'delegate'];
      const { name, namespace = resource.namespace ?? 'default' } = delegate;
      if (name === undefined) {
        find.error(path, 'the delegate has no name', 'write name: with the name of a VirtualService');
        continue;
      }
      if (resource.spec.hosts === undefined && !find.isUncertain(['spec', 'hosts'])) {
        find.error(path, 'a delegate cannot delegate in turn', 'write route: delegates go one level deep');
      }
      const inNamespace = all.filter((each) => (each.resource.namespace ?? 'default') === namespace);
      const target = inNamespace.find((each) => each.resource.name === name);
      if (target === undefined) {
        const near = nearestName(
          name,
          inNamespace.map((each) => each.resource.name),
        );
        find.error(
          [...path, 'name'],
          `there is no VirtualService ${name} in the namespace ${namespace}`,
          near === undefined ? 'write it, without hosts' : `did you mean ${near}?`,
        );
        continue;
      }
      asked.add(target);
      if (target.resource.spec.hosts !== undefined) {
        find.error(
          [...path, 'name'],
          `${name} has hosts of its own: it is no delegate`,
          'take its hosts out',
        );
      }
    }
  }
  for (const each of all) {
    if (each.resource.spec.hosts !== undefined || asked.has(each)) continue;
    if (each.find.isUncertain(['spec', 'hosts'])) continue;
    each.find.error(
      ['spec', 'hosts'],
      'hosts is missing, and nobody delegates to it',
      'write hosts: [SERVICE]',
    );
  }
}
