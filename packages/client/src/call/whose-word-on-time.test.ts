import { describe, expect, it } from 'vitest';
import { helloRules } from '../testing/test-policies.js';
import { annotated, FAR, noteOf, type Row, SILENT, TO_HELLO, testsOf } from '../testing/whose-word.js';

const RULE_TIME = 'VirtualService hello spec.http[0].timeout test.yaml:7';

const ROWS: Readonly<Record<string, Row>> = {
  'the deadline': {
    places: {
      kind: ['unary', 'serverStream', 'unknown'],
      parent: [SILENT, { deadline: 110 }, { deadline: FAR + 10 }],
      call: [SILENT, { timeoutMs: 120 }, { timeoutMs: FAR + 20 }],
      client: [SILENT, { timeoutMs: 130 }, { timeoutMs: FAR + 30 }],
      mesh: [SILENT, { timeoutMs: 140 }, { timeoutMs: FAR + 40 }],
      policy: [
        SILENT,
        helloRules(`{ timeout: 150ms, ${TO_HELLO} }`),
        helloRules(`{ timeout: ${FAR + 50}ms, ${TO_HELLO} }`),
      ],
    },
    rule: ({ kind, parent, call, client, mesh, policy }) => {
      const words: [number, string][] = [];
      if (parent?.deadline !== undefined) words.push([parent.deadline, 'parent']);
      if (call?.timeoutMs !== undefined) words.push([call.timeoutMs, 'call']);
      if (kind === 'unary') {
        if (call?.timeoutMs === undefined && client?.timeoutMs !== undefined)
          words.push([client.timeoutMs, 'client']);
        if (policy !== undefined) words.push([policy.includes('150ms') ? 150 : FAR + 50, RULE_TIME]);
        if (words.length === 0) words.push(mesh?.timeoutMs ? [mesh.timeoutMs, 'mesh'] : [5000, 'default']);
      }
      const [least = [undefined, 'default'] as const] = words.toSorted(([a], [b]) => a - b);
      return { value: least[0], from: [least[1]] };
    },
    read: ({ call, plan: { timeoutMs } }) => {
      // What is told is what the call is bound by.
      expect(call.deadline - call.startedAt).toBe(timeoutMs.value ?? Number.POSITIVE_INFINITY);
      return timeoutMs;
    },
  },

  'the time of an attempt': {
    places: {
      call: [SILENT, { attemptTimeoutMs: 110 }],
      client: [SILENT, { attemptTimeoutMs: 120 }],
      mesh: [SILENT, { attemptTimeoutMs: 130 }],
      proto: ['unknown', 'idempotent'],
      policy: [
        SILENT,
        helloRules(`{ retries: { attempts: 1, perTryTimeout: 200ms, retryOn: 5xx }, ${TO_HELLO} }`),
        helloRules(`{ retries: { attempts: 1 }, ${TO_HELLO} }`),
        annotated('adaptive-attempt-timeout', 'true'),
      ],
    },
    rule: ({ call, client, mesh, proto, policy }) => {
      if (policy?.includes('perTryTimeout')) {
        return { value: 200, from: ['VirtualService hello spec.http[0].retries.perTryTimeout test.yaml:7'] };
      }
      if (call !== SILENT) return { value: 110, from: ['call'] };
      if (client !== SILENT) return { value: 120, from: ['client'] };
      if (mesh !== SILENT) return { value: 130, from: ['mesh'] };
      // Worked out for each attempt, of what may run twice.
      const isAdaptive = policy?.includes('adaptive') === true && proto === 'idempotent';
      return { value: undefined, from: [isAdaptive ? noteOf('adaptive-attempt-timeout') : 'default'] };
    },
    read: ({ plan }) => plan.attemptTimeoutMs,
  },
};

describe('whose word counts', () => {
  for (const { name, comparisons } of testsOf(ROWS)) {
    it(name, async () => {
      for await (const { words, expected, got } of comparisons()) expect(got, words).toEqual(expected);
    });
  }
});
