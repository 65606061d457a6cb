import type { PolicyCaller } from '../route/route-request.js';
import type { MergedDestinationRule, SubsetRule } from './merged-destination-rule.js';
import { compileTraffic } from './traffic/compile-traffic.js';
import { mergeTraffic } from './traffic/traffic-blocks.js';
import { NO_TRAFFIC_SETTINGS, type TrafficSettings } from './traffic/traffic-settings.js';

/** How the calls to the subsets and ports of one service are made; each combination is compiled once. */
export class ServiceTraffic {
  readonly #compiled = new Map<string | undefined, Map<number | undefined, TrafficSettings>>();
  /** Other ports have the settings of none. */
  readonly #ports: ReadonlySet<number>;

  constructor(
    readonly rule: MergedDestinationRule,
    readonly caller: PolicyCaller,
  ) {
    const ports = new Set<number>();
    for (const policy of [rule.policy, ...rule.subsetPolicies.values()]) {
      for (const { port } of policy?.spec.portLevelSettings ?? [])
        if (port?.number !== undefined) ports.add(port.number);
    }
    this.#ports = ports;
  }

  subset(name: string): SubsetRule | undefined {
    return this.rule.subsets.get(name);
  }

  /** A subset that nobody defines has the settings of the host. */
  of(subset: string | undefined, port: number | undefined): TrafficSettings {
    const knownSubset = subset !== undefined && this.rule.subsetPolicies.has(subset) ? subset : undefined;
    const knownPort = port !== undefined && this.#ports.has(port) ? port : undefined;
    let ofSubset = this.#compiled.get(knownSubset);
    if (ofSubset === undefined) {
      ofSubset = new Map();
      this.#compiled.set(knownSubset, ofSubset);
    }
    const known = ofSubset.get(knownPort);
    if (known !== undefined) return known;
    const settings = this.#compile(knownSubset, knownPort);
    ofSubset.set(knownPort, settings);
    return settings;
  }

  #compile(subset: string | undefined, port: number | undefined): TrafficSettings {
    const ofSubset = subset === undefined ? undefined : this.rule.subsetPolicies.get(subset);
    const blocks = mergeTraffic(this.rule.policy, ofSubset, port);
    return blocks === undefined ? NO_TRAFFIC_SETTINGS : compileTraffic(blocks, this.caller);
  }
}
