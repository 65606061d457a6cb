import type { FieldPath } from '../../problem.js';
import type { LocalityLbSetting } from '../../schema/destination-rule/locality.js';
import { atMostOne, type Finder } from '../finder.js';

/** Which nodes are near: shares that sum to 100, and failover that can happen. */
export function checkLocality(
  setting: LocalityLbSetting,
  path: FieldPath,
  ejects: boolean,
  find: Finder,
): void {
  atMostOne(find, path, setting, 'distribute', 'failover', 'failoverPriority');
  const { distribute = [], failover, failoverPriority, enabled } = setting;
  const origins = new Set<string>();
  for (const [index, { from, to }] of distribute.entries()) {
    const at = [...path, 'distribute', index];
    checkLocalityName(from, [...at, 'from'], find);
    if (origins.has(from)) find.error([...at, 'from'], `${from} is there twice`, 'keep one of them');
    origins.add(from);
    let sum = 0;
    for (const [locality, share] of Object.entries(to)) {
      checkLocalityName(locality, [...at, 'to', locality], find);
      if (share === 0)
        find.error(
          [...at, 'to', locality],
          `${locality} has a share of 0`,
          'take it out: what is not there gets none',
        );
      sum += share;
    }
    if (sum !== 100) find.error([...at, 'to'], `the shares sum to ${sum}`, 'make them sum to 100');
  }
  for (const [index, { from, to }] of (failover ?? []).entries()) {
    const at = [...path, 'failover', index];
    if (from === to) find.error([...at, 'to'], `${from} cannot take over from itself`, 'name another region');
    for (const [name, region] of Object.entries({ from, to })) {
      if (region.includes('/') || region.includes('*')) {
        find.error([...at, name], `${region} is no region`, 'write the region alone, without / and *');
      }
    }
  }
  const labels = new Set<string>();
  for (const [index, label] of (failoverPriority ?? []).entries()) {
    const name = label.split('=', 1)[0] ?? label;
    if (labels.has(name)) {
      find.error([...path, 'failoverPriority', index], `${name} is there twice`, 'keep one of them');
    }
    labels.add(name);
  }
  if (ejects || enabled === false) return;
  for (const [name, value] of Object.entries({ failover, failoverPriority })) {
    if (value === undefined) continue;
    find.warning(
      [...path, name],
      `${name} does nothing without outlierDetection`,
      'write outlierDetection beside loadBalancer',
    );
  }
}

function checkLocalityName(locality: string, path: FieldPath, find: Finder): void {
  const parts = locality.split('/');
  const wild = parts.indexOf('*');
  if (parts.length <= 3 && !parts.includes('') && (wild === -1 || wild === parts.length - 1)) return;
  find.error(
    path,
    `${JSON.stringify(locality)} is no locality`,
    'write region, region/zone or region/zone/subzone, * at the end',
  );
}
