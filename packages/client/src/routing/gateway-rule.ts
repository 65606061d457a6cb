import type { PolicySet } from '@micromesh/policy';
import type { CallOptions } from '../call/call-options.js';
import type { WouldBeRoute } from '../dry-run/watched-call.js';
import type { FoundRule } from './rule-actions.js';

/** No name that a user could write: such a rule comes from a gateway of the mesh alone. */
const GATEWAY_RULE = Symbol('micromesh.gatewayRule');

/**
 * What the rules of an HTTP gateway make of a request, and with it of the call that is made of it, in place of the rules for its service.
 */
export class GatewayRule {
  /** The rule that took it; undefined: there are none in force for it, and those for its service hold. */
  readonly found: FoundRule | undefined;

  /**
   * @param policies - the version in which the rule was found: the call keeps it.
   * @param would - what the gateway's rules in dry-run would have made of it; undefined: none is for it.
   */
  constructor(
    readonly policies: PolicySet,
    found: FoundRule | undefined,
    readonly would?: WouldBeRoute,
  ) {
    // The gateway has rewritten the path of the request; that of the method is another.
    this.found = found && { ...found, match: { ...found.match, rewritePath: undefined } };
  }
}

/** What a gateway adds to the options of a call that is made under its rules. */
export function underGatewayRule(rule: GatewayRule): CallOptions {
  const options: CallOptions & { readonly [GATEWAY_RULE]: GatewayRule } = { [GATEWAY_RULE]: rule };
  return options;
}

/** What the rules of the gateway that made the call say of it; undefined: none did, or they say nothing. */
export function gatewayRuleOf(options: CallOptions): GatewayRule | undefined {
  if (!(GATEWAY_RULE in options)) return undefined;
  const rule = options[GATEWAY_RULE];
  return rule instanceof GatewayRule ? rule : undefined;
}
