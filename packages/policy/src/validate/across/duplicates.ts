import { readHost } from '../../hosts/read-host.js';
import { coversPattern, type ServicePattern } from '../../hosts/service-pattern.js';
import { reachOf } from '../virtual-service/reach.js';
import { type Checked, destinationRules, type Folder, virtualServices, whereIs } from './folder.js';

/** Two resources of one name, and two that say how one service's calls are routed. */
export function checkDuplicates(folder: Folder): void {
  const names = new Map<string, Checked>();
  for (const each of folder) {
    const { kind, name, namespace = 'default' } = each.resource;
    if (name === '') continue;
    const key = `${kind}/${namespace}/${name}`;
    const other = names.get(key);
    if (other === undefined) names.set(key, each);
    else {
      each.find.error(
        ['metadata', 'name'],
        `the ${kind} ${name} is there already (${whereIs(other.resource)})`,
        'give it another name, or keep one of them',
      );
    }
  }
  checkVirtualHosts(folder);
  checkRulesOfOneHost(folder);
}

function checkVirtualHosts(folder: Folder): void {
  const hosts: { pattern: ServicePattern; owner: Checked }[] = [];
  for (const each of virtualServices(folder)) {
    const { spec, namespace } = each.resource;
    if (!reachOf(spec, each.find).mesh) continue;
    for (const [index, host] of (spec.hosts ?? []).entries()) {
      const read = readHost(host, namespace);
      if (read.kind !== 'service') continue;
      const { pattern } = read;
      const other = hosts.find(
        (known) => known.owner !== each && countTogether(known.owner, each) && isSame(known.pattern, pattern),
      );
      if (other === undefined) hosts.push({ pattern, owner: each });
      else {
        each.find.error(
          ['spec', 'hosts', index],
          `the calls to ${host} are routed by ${other.owner.resource.name} already (${whereIs(other.owner.resource)})`,
          'put the rules into one resource, or use delegate',
        );
      }
    }
  }
}

/** Istio joins the subsets of several rules of one host, and takes the trafficPolicy of the first. */
function checkRulesOfOneHost(folder: Folder): void {
  const rules: { pattern: ServicePattern; owner: Checked; subsets: Set<string>; hasPolicy: boolean }[] = [];
  for (const each of destinationRules(folder)) {
    const { spec, namespace } = each.resource;
    const read = readHost(spec.host, namespace);
    if (read.kind !== 'service' || spec.workloadSelector !== undefined) continue;
    const first = rules.find(
      (known) => countTogether(known.owner, each) && isSame(known.pattern, read.pattern),
    );
    if (first === undefined) {
      rules.push({
        pattern: read.pattern,
        owner: each,
        subsets: new Set(spec.subsets?.map(({ name }) => name)),
        hasPolicy: spec.trafficPolicy !== undefined,
      });
      continue;
    }
    const where = whereIs(first.owner.resource);
    if (spec.trafficPolicy !== undefined && first.hasPolicy) {
      each.find.warning(
        ['spec', 'trafficPolicy'],
        `the trafficPolicy does not count: ${first.owner.resource.name} has one for ${spec.host} (${where})`,
        'put both into one resource',
      );
    }
    first.hasPolicy ||= spec.trafficPolicy !== undefined;
    for (const [index, { name }] of (spec.subsets ?? []).entries()) {
      if (first.subsets.has(name)) {
        each.find.warning(
          ['spec', 'subsets', index, 'name'],
          `the subset ${name} does not count: ${first.owner.resource.name} defines it for ${spec.host} (${where})`,
          'put both into one resource',
        );
      }
      first.subsets.add(name);
    }
  }
}

/** What is in dry-run stands beside what is in force: that is what it is compared with. */
function countTogether(a: Checked, b: Checked): boolean {
  return (a.resource.annotations.dryRun ?? false) === (b.resource.annotations.dryRun ?? false);
}

function isSame(a: ServicePattern, b: ServicePattern): boolean {
  return coversPattern(a, b) && coversPattern(b, a);
}
