import type { PolicySet, RouteTable } from '@micromesh/policy';
import type { RouteAction } from '@micromesh/policy/route';

/**
 * The query parameters that the rules for a host look at, and those that are keys of nodes where the rules send calls: they are meant
 * for the mesh, whatever fields a message has.
 */
export function lookedAtParameters({ rules }: RouteTable, policies: PolicySet): ReadonlySet<string> {
  const ofMatches = rules
    .flatMap(({ matches }) => matches)
    .flatMap(({ conditions }) => conditions)
    .flatMap(({ subject: { kind, name } }) => (kind === 'queryParam' ? [name] : []));
  return new Set([...ofMatches, ...rules.flatMap(({ action }) => hashParameters(action, policies))]);
}

function hashParameters(action: RouteAction, policies: PolicySet): readonly string[] {
  if (action.kind !== 'route') return [];
  return action.destinations.all.flatMap(({ service, subset, port }) => {
    const strategy = policies.of(service)?.traffic(subset, port).loadBalancer?.strategy.value;
    if (strategy?.kind !== 'consistent-hash' || strategy.source.kind !== 'queryParam') return [];
    return [strategy.source.name];
  });
}
