import { describe, expect, it } from 'vitest';
import { callOf, destinationRule, policySet, virtualService } from '../testing/policies.js';
import type { PolicySet } from './policy-set.js';

const TO = 'route: [{ destination: { host: hello } }]';

describe('a resource in dry-run', () => {
  const DRY = ', annotations: { micromesh.io/dry-run: "true" }';

  it('has no effect, and is beside what has', () => {
    const set = policySet(
      virtualService('all', 'hosts: ["*"]', [`{ name: live, ${TO} }`]) +
        virtualService('hello', 'hosts: [hello]', [`{ name: dry, ${TO} }`], DRY),
    );
    const hello = set.of({ name: 'hello' });
    expect(hello?.routes?.rules[0]?.name).toBe('live');
    expect(hello?.dryRun?.routes?.rules[0]?.name).toBe('dry');
    expect(set.of({ name: 'other' })?.dryRun).toBeUndefined();
  });

  it('counts before others of its host', () => {
    const set = policySet(
      destinationRule('live', '{ host: hello, trafficPolicy: { loadBalancer: { simple: RANDOM } } }') +
        destinationRule('dry', '{ host: hello, trafficPolicy: { outlierDetection: {} } }', DRY),
    );
    const hello = set.of({ name: 'hello' });
    expect(hello?.traffic(undefined, undefined)).toMatchObject({
      loadBalancer: { strategy: { value: { kind: 'random' } } },
      outlier: undefined,
    });
    expect(hello?.dryRun?.traffic(undefined, undefined).outlier).toBeDefined();
  });

  describe('at a gateway', () => {
    const ruled = (name: string, host: string, metadata = '', rule = `{ name: ${name}, ${TO} }`) =>
      virtualService(name, `hosts: ["${host}"]\n  gateways: [web]`, [rule], metadata);
    const names = (set: PolicySet, host: string, gateway = 'web') => ({
      live: set.atHost(host, gateway)?.rules.map(({ name }) => name),
      dry: set.dryRunAtHost(host, gateway)?.rules.map(({ name }) => name),
    });

    const dueTo = (set: PolicySet, headers = {}) => {
      const table = set.dryRunAtHost('api.example.com', 'web');
      return table && set.dryRunTitleOf(table, table.find(callOf({ headers })));
    };

    it.each(['hello', 'api.example.com'])('has no effect for %s, and is beside what has', (host) => {
      const set = policySet(ruled('live', '*') + ruled('dry', host, DRY));
      expect(names(set, host)).toEqual({ live: ['live'], dry: ['dry'] });
      expect(names(set, host, 'other')).toEqual({ live: undefined, dry: undefined });
      expect(set.dryRunAtHost(host, 'web')).toBe(set.dryRunAtHost(host, 'web'));
    });

    it.each(['hello', 'api.example.com'])('is about no host that it does not name: %s', (host) => {
      const of = (dry: string) => names(policySet(ruled('live', '*') + dry), host);
      expect(of('')).toEqual({ live: ['live'], dry: undefined });
      expect(of(ruled('dry', 'other.example.com', DRY))).toEqual({ live: ['live'], dry: undefined });
      // Of the host itself, but none of its rules.
      const traffic = destinationRule('dry', '{ host: "*", trafficPolicy: { outlierDetection: {} } }', DRY);
      expect(of(traffic)).toEqual({ live: ['live'], dry: undefined });
      // Less specific than what is in force.
      const exact = policySet(ruled('live', host) + ruled('dry', '*', DRY));
      expect(names(exact, host)).toEqual({ live: ['live'], dry: undefined });
    });

    it.each(['hello', '10.0.0.1'])('may be all that is said of a host: %s', (host) => {
      const set = policySet(ruled('dry', '*', DRY));
      expect(names(set, host)).toEqual({ live: undefined, dry: ['dry'] });
    });

    it('may be a delegate of rules in force, or delegate to one that is', () => {
      const delegating = (metadata: string) =>
        ruled('root', '*', metadata, '{ name: root, delegate: { name: leaf } }');
      const leaf = (name: string, metadata: string) =>
        virtualService('leaf', '', [`{ name: ${name}, ${TO} }`], metadata);
      const dryLeaf = policySet(delegating('') + leaf('dry', DRY));
      expect(names(dryLeaf, 'api.example.com')).toEqual({ live: [], dry: ['root-dry'] });
      const dryRoot = policySet(delegating(DRY) + leaf('live', ''));
      expect(names(dryRoot, 'api.example.com')).toEqual({ live: undefined, dry: ['root-live'] });
      expect(dueTo(dryLeaf)).toBe('VirtualService leaf');
      expect(dueTo(dryRoot)).toBe('VirtualService root');
    });

    it('is what is due to it, also where none of its rules takes a call, and not what is due to others', () => {
      const never = '{ match: [{ headers: { x-a: {} } }], directResponse: { status: 503 } }';
      expect(dueTo(policySet(ruled('dry', '*', DRY)))).toBe('VirtualService dry');
      expect(dueTo(policySet(ruled('dry', '*', DRY, never)))).toBe('VirtualService dry');
      const set = policySet(
        virtualService('root', 'hosts: ["*"]\n  gateways: [web]', [
          '{ delegate: { name: leaf }, match: [{ headers: { x-a: {} } }] }',
          `{ ${TO} }`,
        ]) + virtualService('leaf', '', [`{ ${TO} }`], DRY),
      );
      expect(dueTo(set)).toBeUndefined();
      expect(dueTo(set, { 'x-a': '1' })).toBe('VirtualService leaf');
    });

    it('compiles what is for any host once, whatever hosts clients write', () => {
      const set = policySet(ruled('dry', '*', DRY));
      const hosts = Array.from({ length: 5000 }, (_, index) => `${index}.example.com`);
      expect(new Set(hosts.map((host) => set.dryRunAtHost(host, 'web'))).size).toBe(1);
    });
  });

  it('may be all that is said of a service', () => {
    const hello = policySet(
      destinationRule('dry', '{ host: hello, trafficPolicy: { outlierDetection: {} } }', DRY),
    ).of({
      name: 'hello',
    });
    expect(hello?.routes).toBeUndefined();
    expect(hello?.traffic(undefined, undefined).outlier).toBeUndefined();
    expect(hello?.dryRun?.traffic(undefined, undefined).outlier).toBeDefined();
  });
});
