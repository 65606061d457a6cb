import type { z } from 'zod';
import { applied, message, notSupported, required } from '../field.js';
import { flag, formed, integer, list, MAX_UINT32, mapOf, text } from '../leaves.js';

const distribute = message('LocalityLoadBalancerSetting.Distribute', {
  from: required(text(), 'the locality of the caller: `region/zone/subzone`, `*` at the end for any'),
  to: required(mapOf(integer(0, 100)), 'localities of nodes and their shares in percent, 100 together'),
});

const failover = message('LocalityLoadBalancerSetting.Failover', {
  from: required(text(), 'the region of the caller'),
  to: required(text(), 'the region that takes over'),
});

/** Which nodes are near. */
export const localityLbSetting = message('LocalityLoadBalancerSetting', {
  distribute: applied(
    list(distribute),
    'shares of localities; one gets less when fewer than five in seven of its nodes are usable; nodes in none of them get no call',
  ),
  failover: applied(list(failover), 'which region takes over from which; works with outlierDetection only'),
  failoverPriority: applied(
    list(formed(/^[^=]+(?:=.*)?$/, 'label', 'write a label, or label=value')),
    'labels that a node must share with the caller, the most important first; works with outlierDetection only',
  ),
  enabled: applied(
    flag(),
    'whether localities count; default true; without distribute near nodes come first where there is an outlierDetection, else all are the same',
    'the locality is read of the labels region, zone and subzone of callers and nodes',
  ),
});

const ZONE_AWARE = 'micromesh has no zone-aware shares';
const BY_PRIORITY = 'write localityLbSetting with failoverPriority';

const zoneFailover = message('ZoneAwareLoadBalancerSetting.Failover', {
  from: notSupported(text(), ZONE_AWARE, BY_PRIORITY),
  to: notSupported(text(), ZONE_AWARE, BY_PRIORITY),
});

/** Shares of zones by the number of callers and nodes in them. */
export const zoneAwareLbSetting = message('ZoneAwareLoadBalancerSetting', {
  enabled: notSupported(flag(), ZONE_AWARE, BY_PRIORITY),
  failover: notSupported(list(zoneFailover), ZONE_AWARE, BY_PRIORITY),
  failoverPriority: notSupported(list(text()), ZONE_AWARE, BY_PRIORITY),
  minClusterSize: notSupported(integer(1, MAX_UINT32), ZONE_AWARE, BY_PRIORITY),
});

/** Which nodes are near. */
export type LocalityLbSetting = z.infer<typeof localityLbSetting>;
