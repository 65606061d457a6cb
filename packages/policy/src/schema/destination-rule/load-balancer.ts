import type { z } from 'zod';
import { duration } from '../duration.js';
import { applied, message, notSupported, required } from '../field.js';
import { decimal, word } from '../leaves.js';
import { consistentHash } from './consistent-hash.js';
import { localityLbSetting, zoneAwareLbSetting } from './locality.js';

/** A new node gets its share little by little. */
export const warmup = message('WarmupConfiguration', {
  duration: required(duration(), 'how long a new node, or one that is healthy again, warms up'),
  minimumPercent: applied(decimal(0, 100), 'of its share that it has from the start; default 10'),
  aggression: applied(decimal(0, Number.MAX_VALUE), 'above 1 the share grows faster at first; default 1'),
});

/** Which node gets a call. */
export const loadBalancerSettings = message('LoadBalancerSettings', {
  simple: applied(
    word('UNSPECIFIED', 'LEAST_CONN', 'RANDOM', 'PASSTHROUGH', 'ROUND_ROBIN', 'LEAST_REQUEST'),
    'ROUND_ROBIN, LEAST_REQUEST or RANDOM; UNSPECIFIED is LEAST_REQUEST; LEAST_CONN (deprecated) and PASSTHROUGH (no original destination in a process) are refused',
    'a call with a hash key that code gives stays on its node',
  ),
  consistentHash: applied(consistentHash, 'the same key, the same node'),
  localityLbSetting: applied(
    localityLbSetting,
    'which nodes are near; it counts before what code prefers',
    'it must be there: outlierDetection alone does not turn it on',
  ),
  zoneAwareLbSetting: notSupported(
    zoneAwareLbSetting,
    'micromesh has no zone-aware shares',
    'write localityLbSetting with failoverPriority',
  ),
  warmupDurationSecs: notSupported(duration(), 'Istio has deprecated it', 'write warmup: { duration: ... }'),
  warmup: applied(
    warmup,
    'a new node gets its share little by little; ROUND_ROBIN and LEAST_REQUEST only; without it `slowStartMs` of the mesh holds',
  ),
});

/** Which node gets a call. */
export type LoadBalancerSettings = z.infer<typeof loadBalancerSettings>;
/** A new node gets its share little by little. */
export type Warmup = z.infer<typeof warmup>;
