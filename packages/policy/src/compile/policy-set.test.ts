import type { ServiceKey } from '@micromesh/core';
import { describe, expect, it } from 'vitest';
import type { RouteRule } from '../route/route-rule.js';
import {
  callOf,
  destinationRule,
  helloRules,
  helloTable,
  policySet,
  virtualService,
} from '../testing/policies.js';
import type { PolicySet } from './policy-set.js';

const TO = 'route: [{ destination: { host: hello } }]';
const NAMESPACED = ', namespace: shop';

function ruleFor(set: PolicySet, service: ServiceKey): string | undefined {
  const match = set.of(service)?.routes?.find(callOf());
  return match?.kind === 'rule' ? match.rule.name : match?.kind;
}

function ruleNamed(text: string, name: string): RouteRule {
  const rule = helloTable(text).rules.find((each) => each.name === name);
  if (rule === undefined) throw new Error(`no rule ${name}`);
  return rule;
}

describe('a set of policies', () => {
  it('says nothing of a service that no resource names, or where there is none', () => {
    expect(policySet('').of({ name: 'hello' })).toBeUndefined();
    expect(policySet(helloRules(`{ ${TO} }`)).of({ name: 'other' })).toBeUndefined();
  });

  it('gives the same object for the same service, by any key', () => {
    const set = policySet(helloRules(`{ ${TO} }`));
    const key = { name: 'hello' };
    expect(set.of(key)).toBeDefined();
    expect(set.of(key)).toBe(set.of(key));
    expect(set.of({ name: 'hello' })).toBe(set.of(key));
    expect(set.of(key)?.version).toBe('v1');
  });

  it('takes the VirtualService of the most specific host, whatever the order', () => {
    const rules = (name: string) => [`{ name: ${name}, ${TO} }`];
    const texts = [
      virtualService('all', 'hosts: ["*"]', rules('all')),
      virtualService('shop', 'hosts: ["*.shop"]', rules('shop')),
      virtualService('one', 'hosts: [hello.shop]', rules('one')),
    ];
    for (const text of [texts.join(''), [...texts].reverse().join('')]) {
      const set = policySet(text);
      expect(ruleFor(set, { name: 'hello', namespace: 'shop' })).toBe('one');
      expect(ruleFor(set, { name: 'other', namespace: 'shop' })).toBe('shop');
      expect(ruleFor(set, { name: 'other' })).toBe('all');
    }
  });

  it('reads a short host in the namespace of its resource, for destinations too', () => {
    const set = policySet(virtualService('hello', 'hosts: [hello]', [`{ name: r, ${TO} }`], NAMESPACED));
    expect(set.of({ name: 'hello' })).toBeUndefined();
    const action = set.of({ name: 'hello', namespace: 'shop' })?.routes?.rules[0]?.action;
    if (action?.kind !== 'route') throw new Error('no route');
    expect(action.destinations.all[0].service).toEqual({ name: 'hello', namespace: 'shop' });
  });

  it('finds names of the internet by the longest host that a gateway is called by', () => {
    const service = (name: string, host: string) =>
      virtualService(name, `hosts: ["${host}"]\n  gateways: [http]`, [`{ name: ${name}, ${TO} }`]);
    const set = policySet(
      service('any', '*') +
        service('com', '*.example.com') +
        service('api', 'api.example.com') +
        service('deep', '*.b.example.com') +
        service('hello', 'hello'),
    );
    const at = (host: string, gateway = 'http') => {
      const match = set.atHost(host, gateway)?.find(callOf());
      return match?.kind === 'rule' ? match.rule.name : match?.kind;
    };
    expect(at('api.example.com')).toBe('api');
    expect(at('API.example.com')).toBe('api');
    expect(at('a.example.com')).toBe('com');
    expect(at('a.b.example.com')).toBe('deep');
    expect(at('example.com.org')).toBe('any');
    expect(at('hello')).toBe('hello');
    expect(at('api.example.com', 'other')).toBeUndefined();
    expect(set.of({ name: 'hello' })).toBeUndefined();
  });
});

it('compiles what is for any host of a gateway once, whatever hosts its clients write', () => {
  const any = virtualService('any', 'hosts: ["*"]\n  gateways: [http, mesh]', [`{ name: any, ${TO} }`]);
  const set = policySet(any);
  const tables = ['a.example.com', 'b.example.com', 'hello', '10.0.0.1'].map((host) =>
    set.atHost(host, 'http'),
  );
  expect(tables[0]).toBeDefined();
  expect(new Set(tables).size).toBe(1);
  // Draws of one service are none of another's.
  expect(set.of({ name: 'a' })?.routes).not.toBe(set.of({ name: 'b' })?.routes);
});

describe('a delegate', () => {
  const ROOT = helloRules(
    '{ name: root, match: [{ uri: { prefix: /hello.v1.Admin/ } }], delegate: { name: admin }, timeout: 3s, retries: { attempts: 1 } }',
    `{ name: last, ${TO} }`,
  );

  it('puts its rules in the place of the one that delegates, with what that says and it does not', () => {
    const text =
      ROOT +
      virtualService('admin', '', [
        `{ name: one, match: [{ uri: { exact: /hello.v1.Admin/One } }], timeout: 1s, ${TO} }`,
        `{ ${TO} }`,
      ]);
    const table = helloTable(text);
    expect(table.rules.map(({ name }) => name)).toEqual(['root-one', 'root', 'last']);
    const [one, rest] = table.rules;
    expect(one?.timeoutMs?.value).toBe(1000);
    expect(one?.timeoutMs?.origin.resource).toBe('VirtualService admin');
    expect(rest?.timeoutMs?.value).toBe(3000);
    expect(rest?.timeoutMs?.origin).toMatchObject({
      resource: 'VirtualService hello',
      path: 'spec.http[0].timeout',
    });
    expect(rest?.retry?.attempts).toMatchObject({ value: 1, origin: { resource: 'VirtualService hello' } });
    const found = (path: string) => {
      const match = table.find(callOf({ path }));
      return match.kind === 'rule' ? match.rule.name : match.kind;
    };
    expect(found('/hello.v1.Admin/One')).toBe('root-one');
    expect(found('/hello.v1.Admin/Two')).toBe('root');
    expect(found('/hello.v1.Hello/Anything')).toBe('last');
  });

  it('whose rule does not agree with the root loses that rule, and it is told', () => {
    const set = policySet(
      ROOT + virtualService('admin', '', [`{ name: stray, match: [{ uri: { prefix: /other } }], ${TO} }`]),
    );
    expect(set.of({ name: 'hello' })?.routes?.rules.map(({ name }) => name)).toEqual(['last']);
    expect(set.dropped).toMatchObject([{ reason: 'a match of it is no part of the matches of root' }]);
    expect(set.dropped[0]?.place.origin()).toMatchObject({
      resource: 'VirtualService admin',
      path: 'spec.http[0]',
    });
  });
});

describe('a rule', () => {
  it('tells where each value is written, and which are defaults', () => {
    const rule = ruleNamed(
      helloRules(
        `{ name: r, ${TO},\n        timeout: 2s,\n        retries: { attempts: 2, perTryTimeout: 500ms, retryOn: 'reset,503' } }`,
      ),
      'r',
    );
    expect(rule.timeoutMs).toEqual({
      value: 2000,
      origin: {
        resource: 'VirtualService hello',
        file: 'test.yaml',
        line: 8,
        column: 9,
        path: 'spec.http[0].timeout',
        isDefault: false,
      },
    });
    const { retry } = rule;
    expect(retry?.attempts).toMatchObject({ value: 2, origin: { line: 9, isDefault: false } });
    expect(retry?.conditions.value).toMatchObject({ words: ['reset'], statuses: [503] });
    expect(retry?.perTryTimeoutMs?.value).toBe(500);
    expect(retry?.baseBackoffMs).toMatchObject({ value: 25, origin: { isDefault: true } });
    expect(retry?.maxBackoffMs).toBe(250);
    expect(retry?.ignorePreviousHosts).toMatchObject({ value: true, origin: { isDefault: true } });
    expect(retry?.remoteLocalities.value).toBe(false);
  });

  it('with retries that say little takes the conditions of Istio', () => {
    const { retry } = ruleNamed(helloRules(`{ name: r, ${TO}, retries: { attempts: 1 } }`), 'r');
    expect(retry?.conditions.value.words).toEqual([
      'connect-failure',
      'refused-stream',
      'unavailable',
      'cancelled',
    ]);
    expect(retry?.perTryTimeoutMs).toBeUndefined();
  });

  it('answers without a node, or sends elsewhere', () => {
    const text = helloRules(
      '{ name: sorry, match: [{ headers: { x-a: {} } }], directResponse: { status: 503, body: { string: later } } }',
      '{ name: bytes, match: [{ headers: { x-b: {} } }], directResponse: { status: 404, body: { bytes: aGk= } } }',
      '{ name: away, redirect: { uri: /there, derivePort: FROM_REQUEST_PORT } }',
    );
    expect(ruleNamed(text, 'sorry').action).toMatchObject({
      httpStatus: 503,
      grpcCode: 14,
      message: 'later',
    });
    const bytes = ruleNamed(text, 'bytes').action;
    expect(bytes).toMatchObject({
      kind: 'directResponse',
      grpcCode: 12,
      message: '',
      body: Buffer.from('hi'),
    });
    expect(ruleNamed(text, 'away').action).toMatchObject({ httpStatus: 301, uri: '/there', port: 'request' });
  });

  it('has the annotations of its resource', () => {
    const annotations =
      ', annotations: { micromesh.io/seed: "7", micromesh.io/hedge: 50ms, micromesh.io/fault-scope: attempt }';
    const rule = ruleNamed(
      virtualService('hello', 'hosts: [hello]', [`{ name: r, ${TO} }`], annotations),
      'r',
    );
    expect(rule.annotations).toMatchObject({
      seed: { value: 7, origin: { line: 3 } },
      hedge: { value: { kind: 'delay', delay: { ms: 50 } } },
      faultScope: { value: 'attempt', origin: { isDefault: false } },
      adaptiveAttemptTimeout: { value: false, origin: { isDefault: true } },
    });
    expect(rule.chance.seed).toBe(7);
  });

  it.each<[string, string, string | undefined]>([
    [
      '{ match: [{ uri: { prefix: /hello.v1. } }], rewrite: { uri: /hello.v2. } }',
      '/hello.v1.Hello/A',
      '/hello.v2.Hello/A',
    ],
    [
      '{ match: [{ uri: { prefix: /HELLO. }, ignoreUriCase: true }], rewrite: { uri: /x. } }',
      '/hello.H/A',
      '/x.H/A',
    ],
    ['{ match: [{ uri: { exact: /a.B/C } }], rewrite: { uri: /d.E/F } }', '/a.B/C', '/d.E/F'],
    ['{ match: [{ uri: { regex: "/a.*" } }], rewrite: { uri: /d.E/F } }', '/a.B/C', '/d.E/F'],
    // Istio gives a match without a uri the prefix /.
    ['{ rewrite: { uri: /v2/ } }', '/a.B/C', '/v2/a.B/C'],
    ['{ rewrite: { uriRegexRewrite: { match: "^/a\\\\.(.*)$", rewrite: "/b.\\\\1" } } }', '/a.B/C', '/b.B/C'],
    ['{ rewrite: { authority: other } }', '/a.B/C', undefined],
  ])('%s makes of %s %s', (rule, path, rewritten) => {
    const match = helloTable(helloRules(rule.replace(/ \}$/, `, ${TO} }`))).find(callOf({ path }));
    if (match.kind !== 'rule') throw new Error(match.kind);
    expect(match.match.rewritePath?.(path)).toBe(rewritten);
    expect(match.rule.authority?.value).toBe(rewritten === undefined ? 'other' : undefined);
  });
});

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
