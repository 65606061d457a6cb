import { describe, expect, it } from 'vitest';
import { helloRules, helloSubsets } from '../testing/test-policies.js';
import { type Row, SILENT, testsOf } from '../testing/whose-word.js';

const ROWS: Readonly<Record<string, Row>> = {
  'the strategy': {
    places: {
      call: [SILENT, { hashKey: 'k' }],
      client: [SILENT, { strategy: 'round-robin' }],
      mesh: [SILENT, { strategy: 'peak-ewma' }],
      policy: [
        SILENT,
        helloSubsets('1').replace(
          'host: hello',
          'host: hello, trafficPolicy: { loadBalancer: { simple: LEAST_REQUEST } }',
        ),
      ],
    },
    rule: ({ client, mesh, policy }) => {
      if (policy !== SILENT) {
        const path = 'spec.trafficPolicy.loadBalancer.simple';
        return { value: 'least-request', from: [`DestinationRule hello ${path} test.yaml:4`] };
      }
      if (client !== SILENT) return { value: 'round-robin', from: ['client'] };
      return mesh === SILENT
        ? { value: 'hash-random', from: ['default'] }
        : { value: 'peak-ewma', from: ['mesh'] };
    },
    read: ({ plan }) => plan.strategy,
  },

  'the nodes that a call may go to': {
    places: {
      call: [SILENT, { filter: { version: '1' } }, { filter: { version: '2' } }],
      client: [SILENT, { filter: { version: '2' } }, { filter: { labels: { zone: 'z' } } }],
      mesh: [SILENT, { filter: { version: '1' } }],
      policy: [
        SILENT,
        helloRules('{ route: [{ destination: { host: hello, subset: v1 } }] }') + helloSubsets('1'),
      ],
    },
    rule: ({ call, client, mesh, policy }) => {
      const below = client?.filter ?? mesh?.filter ?? {};
      const layer = client === SILENT ? 'mesh' : 'client';
      const filter = { ...below, ...call?.filter };
      const from: string[] = call === SILENT ? [] : ['call'];
      if (Object.keys(below).some((name) => call === SILENT || name !== 'version')) from.push(layer);
      if (policy === SILENT) return { value: filter, from: from.length === 0 ? ['default'] : from };
      if (filter.version === '2') {
        return "subset v1 (DestinationRule hello) has nodes with version=1, the call's filter wants version=2";
      }
      const value = { ...filter, version: '1', labels: filter.labels ?? {} };
      return { value, from: [...from, 'DestinationRule hello spec.subsets[0] test.yaml:12'] };
    },
    read: ({ plan }) => plan.filter,
  },
};

describe('whose word counts', () => {
  for (const { name, comparisons } of testsOf(ROWS)) {
    it(name, async () => {
      for await (const { words, expected, got } of comparisons()) expect(got, words).toEqual(expected);
    });
  }
});
