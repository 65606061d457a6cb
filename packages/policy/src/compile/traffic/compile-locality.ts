import type { ResourcePlace } from '../../origin/resource-place.js';
import type { PolicyCaller } from '../../route/route-request.js';
import type { LocalityLbSetting } from '../../schema/destination-rule/locality.js';
import type { LocalitySettings, LocalityShare, PriorityLabel } from './traffic-settings.js';

const PARTS = ['region', 'zone', 'subzone'] as const;

/**
 * Whether labels (`region`, `zone`, `subzone`) are of a locality: `eu`, `eu/zone-a`, `eu/*`. Source: Istio's LocalityMatch,
 * pilot/pkg/networking/util/util.go.
 */
export function isInLocality(locality: string, labels: Readonly<Record<string, string>>): boolean {
  const wanted = locality.split('/');
  return PARTS.every((part, index) => {
    const value = wanted[index] ?? '';
    if (value === '*' || (value === '' && index > 0)) return true;
    return (Object.hasOwn(labels, part) ? labels[part] : '') === value;
  });
}

/** Which nodes are near, for one caller. */
export function compileLocality(
  spec: LocalityLbSetting,
  place: ResourcePlace,
  caller: PolicyCaller,
  ejects: boolean,
): LocalitySettings {
  const { labels } = caller;
  const enabled = place.orDefault('enabled', spec.enabled, true);
  const distribute = spec.distribute ?? [];
  const at = distribute.findIndex(({ from }) => isInLocality(from, labels));
  const region = spec.failover?.findIndex(({ from }) => from === labels.region) ?? -1;
  return {
    origin: place.origin(),
    enabled,
    shares: place.at('distribute', at).maybe('to', sharesOf(distribute[at]?.to)),
    failoverRegion: place.at('failover', region).maybe('to', spec.failover?.[region]?.to),
    failoverLabels: place.maybe(
      'failoverPriority',
      spec.failoverPriority?.map((label) => priorityLabel(label, labels)),
    ),
    // Shares for some callers leave the others as they are.
    failsOver: enabled.value && ejects && distribute.length === 0,
  };
}

function sharesOf(to: Readonly<Record<string, number>> | undefined): readonly LocalityShare[] | undefined {
  if (to === undefined) return undefined;
  return Object.entries(to).map(([locality, percent]) => ({ locality, ratio: percent / 100 }));
}

function priorityLabel(label: string, own: Readonly<Record<string, string>>): PriorityLabel {
  const equals = label.indexOf('=');
  if (equals >= 0) return { name: label.slice(0, equals), value: label.slice(equals + 1) };
  return { name: label, value: Object.hasOwn(own, label) ? own[label] : undefined };
}
