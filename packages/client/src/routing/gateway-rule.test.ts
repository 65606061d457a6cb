import { status } from '@grpc/grpc-js';
import { type DryRunEvent, events } from '@micromesh/core';
import { describe, expect, it } from 'vitest';
import { checkCallOptions } from '../call/call-option-checks.js';
import { TestWorld, testNode } from '../testing/index.js';
import { helloRules, helloSubsets, TestPolicies } from '../testing/test-policies.js';
import { GatewayRule, gatewayRuleOf, underGatewayRule } from './gateway-rule.js';

const AT_GATEWAY = helloRules(
  '{ match: [{ uri: { prefix: /greet } }], rewrite: { uri: /hello }, timeout: 3s, route: [{ destination: { host: hello, subset: v2 } }] }',
).replace('hosts: [hello]', 'hosts: ["*"]\n  gateways: [web]');
const CLOSED = helloRules('{ directResponse: { status: 503 } }');
/** For the calls of processes. */
const DRY_CLOSED = CLOSED.replace(
  '{ name: hello }',
  '{ name: own, annotations: { micromesh.io/dry-run: "true" } }',
);

/** What the gateway `web` finds for a request of `/greet`. */
function found(policies: TestPolicies) {
  const set = policies.current;
  const request = {
    path: '/greet/anything',
    authority: 'api.example.com',
    scheme: 'http',
    verb: 'GET',
    header: () => undefined,
    hasAnyHeader: () => false,
  };
  const match = set?.atHost('api.example.com', 'web')?.find(request);
  if (set === undefined || match?.kind !== 'rule') throw new Error('no rule');
  return new GatewayRule(set, match);
}

async function worldUnder(policies: TestPolicies): Promise<TestWorld> {
  const world = new TestWorld(1, { policies });
  const versions = ['1', '2'].map((version) => testNode(`v${version}`, { version }));
  world.registry.show({ name: 'hello' }, versions);
  await world.clock.settle();
  return world;
}

describe('a call under the rule of a gateway', () => {
  it('goes by it, in place of the rules for its service, and keeps its version', async () => {
    const policies = new TestPolicies(
      AT_GATEWAY + CLOSED.replace('name: hello', 'name: own') + helloSubsets('2'),
    );
    const world = await worldUnder(policies);
    const options = underGatewayRule(found(policies));
    policies.set(CLOSED);
    const { call, outcome } = world.call(world.caller(), options);
    expect((await outcome).code).toBe(status.OK);
    expect(world.path).toEqual(['v2']);
    expect(call.plan.way?.policies.version).toBe('v1');
    expect(call.plan.limitMs).toBe(3000);
    // The gateway has rewritten the path of the request; that of the method stays.
    expect(call.path).toBe(call.method.path);
    expect((await world.call(world.caller()).outcome).code).toBe(status.UNAVAILABLE);
  });

  it('is none that rules in dry-run for its service would have routed', async () => {
    const policies = new TestPolicies(AT_GATEWAY + DRY_CLOSED + helloSubsets('2'));
    const world = await worldUnder(policies);
    const heard: DryRunEvent[] = [];
    const off = events.dryRun.subscribe((event) => heard.push(event));
    await world.call(world.caller(), underGatewayRule(found(policies))).outcome;
    expect(heard).toEqual([]);
    await world.call(world.caller()).outcome;
    expect(heard.map(({ resource }) => resource)).toEqual(['VirtualService own']);
    off();
  });

  describe('with what rules of the gateway in dry-run would have made of it', () => {
    const DRY = AT_GATEWAY.replace('name: hello', 'name: dry').replace(
      'timeout: 3s',
      'timeout: 50ms, retries: { attempts: 2, retryOn: internal }, mirrors: [{ destination: { host: other } }], fault: { delay: { fixedDelay: 1s, percentage: { value: 100 } } }',
    );
    const dryRule = new TestPolicies(DRY + helloSubsets('2')).current?.atHost('hello', 'web')?.rules[0];
    const OF_RULE = ['fault', 'mirror', 'retry', 'timeout'];

    /** What is told of a call under what a gateway has found; its node takes 100 ms, and fails. */
    async function effectsOf(policies: TestPolicies, rule: GatewayRule): Promise<readonly string[]> {
      const world = await worldUnder(policies);
      for (const id of ['v1', 'v2']) {
        world.transport.node(id).script = () => ({ kind: 'status', code: status.INTERNAL, afterMs: 100 });
      }
      const heard: DryRunEvent[] = [];
      const off = events.dryRun.subscribe((event) => heard.push(event));
      const { call, outcome } = world.call(world.caller({ retries: 0 }), underGatewayRule(rule));
      await world.clock.advance(200);
      await outcome;
      off();
      expect(call.attempts).toBeLessThan(2);
      expect(heard.every(({ resource }) => resource === 'VirtualService dry')).toBe(true);
      return heard.map(({ effect }) => effect).sort();
    }

    /** The gateway's rules in force, and rules for processes that are none of its calls. */
    const inForce = (more = '') => new TestPolicies(AT_GATEWAY + DRY_CLOSED + more + helloSubsets('2'));

    it('tells that, and nothing of what those for its service would have', async () => {
      const policies = inForce();
      const { policies: set, found: rule } = found(policies);
      const would = { resource: 'VirtualService dry', rule: dryRule };
      expect(await effectsOf(policies, new GatewayRule(set, rule, would))).toEqual(OF_RULE);
    });

    it('tells only that it would have ended, or been another', async () => {
      const policies = inForce();
      const { policies: set, found: rule } = found(policies);
      const would = { resource: 'VirtualService dry', rule: undefined };
      expect(await effectsOf(policies, new GatewayRule(set, rule, would))).toEqual(['route']);
    });

    it('goes by the rules for its service where the gateway has none in force', async () => {
      const would = { resource: 'VirtualService dry', rule: dryRule };
      const under = (text: string) => {
        const policies = new TestPolicies(text + DRY_CLOSED + helloSubsets('2'));
        const set = policies.current;
        if (set === undefined) throw new Error('no policies');
        return effectsOf(policies, new GatewayRule(set, undefined, would));
      };
      const toV2 = '{ route: [{ destination: { host: hello, subset: v2 } }] }';
      expect(await under(helloRules(toV2))).toEqual(OF_RULE);
      expect(await under('')).toEqual([...OF_RULE, 'route'].sort());
      expect(await under(CLOSED)).toEqual(['fault', 'mirror', 'route']);
    });
  });

  it('is no option that anybody could write', () => {
    const policies = new TestPolicies(AT_GATEWAY + helloSubsets('2'));
    const options = underGatewayRule(found(policies));
    expect(() => checkCallOptions('call', options)).not.toThrow();
    expect(Object.keys(options)).toEqual([]);
    expect(gatewayRuleOf({ retries: 1, ...options })).toBe(gatewayRuleOf(options));
    expect(gatewayRuleOf({ retries: 1 })).toBeUndefined();
  });
});
