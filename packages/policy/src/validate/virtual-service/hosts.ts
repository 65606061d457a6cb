import { readHost } from '../../hosts/read-host.js';
import type { HttpRoute } from '../../schema/virtual-service/http-route.js';
import { checkExactHost, checkHost } from '../check-host.js';
import type { Finder } from '../finder.js';
import type { VirtualService } from '../resource.js';
import { reachOf } from './reach.js';

/** The hosts of a VirtualService, and those that its rules send calls to. */
export function checkHosts({ spec, namespace }: VirtualService, find: Finder): void {
  const reach = reachOf(spec, find);
  const seen = new Set<string>();
  for (const [index, host] of (spec.hosts ?? []).entries()) {
    const path = ['spec', 'hosts', index];
    if (seen.has(host)) find.error(path, `${host} is there twice`, 'keep one of them');
    seen.add(host);
    // An HTTP gateway is called by names of the internet.
    if (reach.gateway && readHost(host, namespace).kind === 'domain') continue;
    checkHost(host, namespace, path, find);
  }
  const isDelegate = spec.hosts === undefined && !find.isUncertain(['spec', 'hosts']);
  if (isDelegate && spec.gateways !== undefined) {
    find.error(
      ['spec', 'gateways'],
      'a VirtualService without hosts is a delegate, and has no gateways',
      'give hosts',
    );
  }
  for (const [index, rule] of (spec.http ?? []).entries()) {
    for (const { host, path } of destinationsOf(rule)) {
      checkExactHost(host, namespace, ['spec', 'http', index, ...path, 'host'], find);
    }
  }
}

/** Each destination of a rule, mirrors too. */
export function destinationsOf(rule: HttpRoute): readonly {
  readonly host: string;
  readonly subset: string | undefined;
  readonly path: readonly (string | number)[];
}[] {
  const found = (rule.route ?? []).map(({ destination }, index) => ({
    host: destination.host,
    subset: destination.subset,
    path: ['route', index, 'destination'],
  }));
  if (rule.mirror !== undefined) {
    found.push({ host: rule.mirror.host, subset: rule.mirror.subset, path: ['mirror'] });
  }
  for (const [index, { destination }] of (rule.mirrors ?? []).entries()) {
    found.push({
      host: destination.host,
      subset: destination.subset,
      path: ['mirrors', index, 'destination'],
    });
  }
  return found;
}
