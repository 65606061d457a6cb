import { type CallOptions, GatewayRule, underGatewayRule } from '@micromesh/client';
import type { DryRunEvent } from '@micromesh/core';
import type { RouteTable } from '@micromesh/policy';
import type { MatchBlock, RouteRequest, RouteRule } from '@micromesh/policy/route';
import { type FindMethod, gatewayDryRun } from './gateway-rules-dry-run.js';
import { lookedAtParameters } from './looked-at-parameters.js';
import { MeshPolicies } from './mesh-policies.js';

/** What the operator's rules say of a request at an HTTP gateway. */
export type GatewayMatch = (
  | /** There are rules for its host, of this resource, and none takes it. */
  { readonly kind: 'none'; readonly resource: string }
  | {
      readonly kind: 'rule';
      readonly rule: RouteRule;
      readonly match: MatchBlock;
      /** To be added to those of the call that is made of the request: it goes by the rule, in the version in which it was found. */
      readonly callOptions: CallOptions;
      /** Query parameters that the policies look at. */
      readonly parameters: ReadonlySet<string>;
    }
  /** There are rules for its host in dry-run alone: it is served as if there were none. */
  | {
      readonly kind: 'dryRun';
      /** To be added to those of the call that is made of the request, so that it tells what would have become of it. */
      readonly callOptions: CallOptions;
    }
) & {
  /** To be told when the request is answered without a call; undefined: rules in dry-run would have changed nothing about that. */
  readonly dryRunEvent: DryRunEvent | undefined;
};

/** The rules of one HTTP gateway. */
export interface GatewayRules {
  /**
   * Finds the rule of a request, once the policies are known; it waits for them as calls do.
   *
   * @returns undefined: there are no rules for it.
   */
  find(request: RouteRequest): Promise<GatewayMatch | undefined>;
}

/**
 * The rules of an HTTP gateway, in whatever version is in force.
 *
 * @param mesh - that makes the gateway's calls.
 * @param gateway - by which VirtualServices name it in `gateways`.
 * @param findMethod - of the gateway; it is asked where there are rules in dry-run.
 * @returns undefined where the mesh has no policies, or is none of micromesh's.
 */
export function gatewayRules(
  mesh: object,
  gateway: string,
  findMethod: FindMethod,
): GatewayRules | undefined {
  const policies = 'policies' in mesh ? mesh.policies : undefined;
  if (!(policies instanceof MeshPolicies)) return undefined;
  policies.expectGateway(gateway);
  const parameters = new WeakMap<RouteTable, ReadonlySet<string>>();
  return {
    async find(request) {
      await policies.ready;
      const set = policies.current;
      if (set === undefined) return undefined;
      const table = set.atHost(request.authority, gateway);
      const found = table?.find(request);
      const dryTable = set.dryRunAtHost(request.authority, gateway);
      const dryRun =
        dryTable && gatewayDryRun({ policies: set, table: dryTable, findMethod }, request, found);
      const dryRunEvent = dryRun?.event;
      if (table === undefined || found === undefined) {
        if (dryRun === undefined) return undefined;
        const callOptions = underGatewayRule(new GatewayRule(set, undefined, dryRun.would));
        return { kind: 'dryRun', callOptions, dryRunEvent };
      }
      switch (found.kind) {
        // No rule is for the port in `Host`: what a client writes there must not get him past the rules.
        case 'unrouted':
        case 'none':
          return { kind: 'none', resource: table.origin.resource, dryRunEvent };
        case 'rule': {
          const { rule, match } = found;
          const callOptions = underGatewayRule(new GatewayRule(set, found, dryRun?.would));
          const known = parameters.get(table) ?? lookedAtParameters(table, set);
          parameters.set(table, known);
          return { kind: 'rule', rule, match, callOptions, parameters: known, dryRunEvent };
        }
      }
    },
  };
}
