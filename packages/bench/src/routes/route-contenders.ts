import type { PolicyText } from '@micromesh/policy';
import { manyRoutes, USER_HEADER } from './route-policies.js';

/** A set of policies that calls are made under. */
export interface RouteContender {
  readonly id: string;
  readonly name: string;
  readonly policies: () => readonly PolicyText[];
}

/** What a call under policies may cost more than one without, in microseconds of CPU. */
export const MAX_EXTRA_US = 2;

/** By what the rules before the one that takes the calls look at. */
export const ROUTE_CONTENDERS: readonly RouteContender[] = [
  {
    id: 'paths',
    name: '50 x 20 rules, by path',
    policies: () => manyRoutes((rule) => `{ uri: { prefix: /shop.v1.Part${rule}/ } }`),
  },
  {
    id: 'headers',
    name: '50 x 20 rules, by one header',
    policies: () => manyRoutes((rule) => `{ headers: { ${USER_HEADER}: { exact: user-${rule} } } }`),
  },
  {
    id: 'many-headers',
    name: '50 x 20 rules, by a header each',
    policies: () => manyRoutes((rule) => `{ headers: { x-header-${rule}: { exact: is-there } } }`),
  },
  {
    id: 'patterns',
    name: '50 x 20 rules, by a pattern each',
    policies: () =>
      manyRoutes((rule) => `{ headers: { ${USER_HEADER}: { regex: "(user|guest)-[0-9]+-${rule}" } } }`),
  },
];
