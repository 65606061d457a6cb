import type { ServiceKey } from '@micromesh/core';
import type { RouteTable } from '../route/route-table.js';
import type { SubsetRule } from './merged-destination-rule.js';
import type { ServiceTraffic } from './service-traffic.js';
import { NO_TRAFFIC_SETTINGS, type TrafficSettings } from './traffic/traffic-settings.js';

/** All that one version of the policies says of one service to one caller. */
export class ServicePolicy {
  readonly #traffic: ServiceTraffic | undefined;

  /**
   * @param version - of the policies.
   * @param routes - undefined: no VirtualService names it, and calls go to the service itself.
   * @param dryRun - what would be if the resources with the annotation `micromesh.io/dry-run` counted; undefined: none of them is about
   * the service.
   */
  constructor(
    readonly version: string,
    readonly service: ServiceKey,
    readonly routes: RouteTable | undefined,
    traffic: ServiceTraffic | undefined,
    readonly dryRun: ServicePolicy | undefined,
  ) {
    this.#traffic = traffic;
  }

  /**
   * How calls to a subset and port are made; the object is the same for the same answer.
   *
   * @param subset - undefined: calls are sent to no subset.
   * @param port - of the destination, else of the name that the caller gave; undefined: neither says one.
   */
  traffic(subset: string | undefined, port: number | undefined): TrafficSettings {
    return this.#traffic?.of(subset, port) ?? NO_TRAFFIC_SETTINGS;
  }

  /** A named part of the nodes; undefined: nobody defines it. */
  subset(name: string): SubsetRule | undefined {
    return this.#traffic?.subset(name);
  }
}
