import { status } from '@grpc/grpc-js';
import { describe, expect, it } from 'vitest';
import { localOutcome } from '../chain/local-outcome.js';
import { type RetryFunction, retryOnCodes, retryOnError } from '../retry/retry-function.js';
import { helloRules } from '../testing/test-policies.js';
import { annotated, noteOf, type Row, SILENT, TO_HELLO, testsOf } from '../testing/whose-word.js';

const OUTCOMES = [status.UNAVAILABLE, status.INTERNAL, status.ABORTED].map((code) => ({
  ...localOutcome(code, 'none', 'answered', 'no'),
  origin: 'remote' as const,
}));
const onUnavailable: RetryFunction = retryOnCodes('UNAVAILABLE', 'ABORTED');
const onInternal: RetryFunction = ({ outcome }) => outcome.code === status.INTERNAL;
const onAborted: RetryFunction = ({ outcome }) => outcome.code === status.ABORTED;

function contextOf(outcome: (typeof OUTCOMES)[number]) {
  const method = { path: '/a/b', service: 'a', name: 'b', kind: 'unary', idempotency: 'unknown' } as const;
  const { delivery } = outcome;
  return { method, attempt: 1, outcome, delivery, idempotent: false, remainingMs: 1000 };
}

const ROWS: Readonly<Record<string, Row>> = {
  retries: {
    places: {
      parent: [SILENT, { attempt: 1 }, { attempt: 3 }],
      call: [SILENT, { retries: 0 }, { retries: 10 }],
      client: [SILENT, { retries: 2 }, { retries: 12 }],
      mesh: [SILENT, { retries: 3 }, { retries: 13 }],
      policy: [SILENT, helloRules(`{ retries: { attempts: 4 }, ${TO_HELLO} }`)],
    },
    rule: ({ parent, call, client, mesh, policy }) => {
      if (parent?.attempt === 3) return { value: 0, from: ['parent'] };
      const own = call?.retries ?? client?.retries;
      const from = call === SILENT ? 'client' : 'call';
      if (policy !== undefined) {
        if (own !== undefined && own < 4) return { value: own, from: [from] };
        return { value: 4, from: ['VirtualService hello spec.http[0].retries.attempts test.yaml:7'] };
      }
      if (own !== undefined) return { value: own, from: [from] };
      return mesh === undefined
        ? { value: 1, from: ['default'] }
        : { value: mesh.retries ?? 0, from: ['mesh'] };
    },
    read: ({ plan }) => plan.retries,
  },

  'the condition of a retry': {
    places: {
      call: [SILENT, { retry: onUnavailable }, { retry: onInternal }],
      client: [SILENT, { retry: onInternal }, { retry: onAborted }],
      mesh: [SILENT, { retry: onAborted }],
      policy: [
        SILENT,
        helloRules(`{ retries: { attempts: 4, retryOn: "unavailable,internal" }, ${TO_HELLO} }`),
        // Silent on `retryOn` in a block that is there: Istio's default for it.
        helloRules(`{ retries: { attempts: 4 }, ${TO_HELLO} }`),
      ],
    },
    rule: ({ call, client, mesh, policy }) => {
      const place = 'VirtualService hello spec.http[0].retries.retryOn test.yaml:7';
      const own = call?.retry ?? client?.retry;
      const ownFrom = call === SILENT ? 'client' : 'call';
      const isNamed = (code: number) =>
        code === status.UNAVAILABLE || (policy?.includes('internal') === true && code === status.INTERNAL);
      const code = own ?? (policy === undefined ? (mesh?.retry ?? retryOnError) : () => true);
      const value = OUTCOMES.map(
        (outcome) => code(contextOf(outcome)) === true && (policy === undefined || isNamed(outcome.code)),
      );
      if (policy === undefined) {
        return { value, from: [own !== undefined ? ownFrom : mesh !== undefined ? 'mesh' : 'default'] };
      }
      return { value, from: own === undefined ? [place] : [place, ownFrom] };
    },
    read: ({ call, plan }) => ({
      value: OUTCOMES.map((outcome) => call.plan.retry(contextOf(outcome))),
      from: plan.retry.from,
    }),
  },

  'a hedge, and the attempt that it takes': {
    places: {
      kind: ['unary', 'serverStream'],
      call: [SILENT, { hedge: false }, { hedge: { afterMs: 1 } }],
      client: [SILENT, { hedge: { afterMs: 2 } }],
      mesh: [SILENT, { hedge: { afterMs: 3 } }, { retries: 0 }],
      proto: ['unknown', 'idempotent'],
      policy: [SILENT, annotated('hedge', '40ms')],
    },
    rule: ({ kind, call, client, mesh, proto, policy }) => {
      const retries = mesh?.retries ?? 1;
      const open = mesh?.retries === undefined ? 'default' : 'mesh';
      if (call?.hedge !== undefined) return { value: [call.hedge, retries], from: ['call', open] };
      if (client?.hedge !== undefined) return { value: [client.hedge, retries], from: ['client', open] };
      // An operator cannot say that a method may run twice.
      if (policy !== SILENT && kind === 'unary' && proto === 'idempotent') {
        const from = [noteOf('hedge'), mesh?.retries === 0 ? noteOf('hedge') : 'default'];
        return { value: [{ afterMs: 40 }, 1], from };
      }
      if (mesh?.hedge !== undefined) return { value: [mesh.hedge, retries], from: ['mesh', open] };
      return { value: [false, retries], from: ['default', open] };
    },
    read: ({ plan: { hedge, retries } }) => ({
      value: [hedge.value, retries.value],
      from: [...hedge.from, ...retries.from],
    }),
  },

  'the pause before a retry': {
    places: {
      call: [SILENT, { backoff: { baseMs: 1 } }, { backoff: { baseMs: 1, maxMs: 2 } }],
      client: [SILENT, { backoff: { baseMs: 3 } }, { backoff: { maxMs: 4 } }],
      mesh: [SILENT, { backoff: { maxMs: 6 } }],
      policy: [SILENT, helloRules(`{ retries: { attempts: 1, backoff: 70ms }, ${TO_HELLO} }`)],
    },
    rule: ({ call, client, mesh, policy }) => {
      if (policy !== SILENT) {
        const from = ['VirtualService hello spec.http[0].retries.backoff test.yaml:7'];
        return { value: { baseMs: 70, maxMs: 700 }, from };
      }
      const below = client?.backoff ?? mesh?.backoff ?? {};
      const layer = client === SILENT ? 'mesh' : 'client';
      const part = (name: 'baseMs' | 'maxMs', byDefault: number): [number, string] => {
        const own = call?.backoff?.[name];
        if (own !== undefined) return [own, 'call'];
        const other = below[name];
        return other === undefined ? [byDefault, 'default'] : [other, layer];
      };
      const [[baseMs, base], [maxMs, max]] = [part('baseMs', 10), part('maxMs', 1000)];
      return { value: { baseMs, maxMs }, from: [...new Set([base, max])] };
    },
    read: ({ plan }) => plan.backoff,
  },

  'whether a method may run twice': {
    places: {
      call: [SILENT, { idempotent: true }, { idempotent: false }],
      client: [
        SILENT,
        { idempotent: true },
        { idempotent: false },
        { idempotent: ['anything'] },
        { idempotent: ['other'] },
      ],
      proto: ['unknown', 'idempotent'],
      // An operator cannot assert it.
      policy: [SILENT, helloRules(`{ retries: { attempts: 4 }, ${TO_HELLO} }`)],
    },
    rule: ({ call, client, proto }) => {
      if (call?.idempotent !== undefined) return { value: call.idempotent, from: ['call'] };
      const named = client?.idempotent;
      if (typeof named === 'boolean') return { value: named, from: ['client'] };
      if (named?.includes('anything')) return { value: true, from: ['client'] };
      return proto === 'idempotent' ? { value: true, from: ['proto'] } : { value: false, from: ['default'] };
    },
    read: ({ plan }) => plan.idempotent,
  },
};

describe('whose word counts', () => {
  for (const { name, comparisons } of testsOf(ROWS)) {
    it(name, async () => {
      for await (const { words, expected, got } of comparisons()) expect(got, words).toEqual(expected);
    });
  }
});
