import type { ServiceKey } from '@micromesh/core';
import { describe, expect, it } from 'vitest';
import { callOf, helloRules, helloTable, policySet, virtualService } from '../testing/policies.js';
import type { PolicySet } from './policy-set.js';

const TO = 'route: [{ destination: { host: hello } }]';
const NAMESPACED = ', namespace: shop';

function ruleFor(set: PolicySet, service: ServiceKey): string | undefined {
  const match = set.of(service)?.routes?.find(callOf());
  return match?.kind === 'rule' ? match.rule.name : match?.kind;
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
