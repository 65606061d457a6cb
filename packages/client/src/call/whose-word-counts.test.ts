import { Metadata, status } from '@grpc/grpc-js';
import {
  type CallContext,
  createAbortController,
  type Idempotency,
  type MethodKind,
  type PlanTrace,
  runInCallContext,
  type ValueOrigin,
} from '@micromesh/core';
import { describe, expect, it } from 'vitest';
import { localOutcome } from '../chain/local-outcome.js';
import { type RetryFunction, retryOnCodes, retryOnError } from '../retry/retry-function.js';
import { TestWorld, testNode } from '../testing/index.js';
import { helloRules, helloSubsets, TestPolicies } from '../testing/test-policies.js';
import type { CallOptions } from './call-options.js';
import type { ClientCall } from './client-call.js';
import type { CodeSettings } from './plan-defaults.js';
import { explainPlan } from './plan-origins.js';

/*
 * The table "Whose word counts" of the README, row by row: each place that may speak is silent or says one of some words, all combinations are
 * made, and what the table says of each is compared with what a call gets, and with whose word it is told to be.
 */

/** What each place says; undefined: nothing. */
interface Words {
  readonly parent?: Partial<CallContext> | undefined;
  readonly call?: CallOptions | undefined;
  readonly client?: CodeSettings | undefined;
  readonly mesh?: CodeSettings | undefined;
  /** YAML. */
  readonly policy?: string | undefined;
  readonly proto?: Idempotency | undefined;
  readonly kind?: MethodKind | undefined;
}

interface Row<Value> {
  readonly places: { readonly [Place in keyof Words]: readonly Words[Place][] };
  /** The table's rule; a text: the call is refused with that in its details. */
  readonly rule: (words: Words) => { readonly value: Value; readonly from: readonly string[] } | string;
  readonly read: (seen: Seen) => { readonly value: unknown; readonly from: readonly ValueOrigin[] };
}

interface Seen {
  readonly call: ClientCall;
  readonly plan: PlanTrace;
}

const SILENT = undefined;
const TO_HELLO = 'route: [{ destination: { host: hello } }]';
const FAR = 60_000;

function combinations(places: Row<unknown>['places']): readonly Words[] {
  let all: readonly Words[] = [{}];
  for (const [place, words] of Object.entries(places)) {
    all = all.flatMap((before) => words.map((word) => ({ ...before, [place]: word })));
  }
  return all;
}

/** Makes one call where everybody says these words. */
async function callUnder({ parent, call: options = {}, client, mesh, policy, proto, kind }: Words) {
  const policies = new TestPolicies(policy ?? '');
  const world = new TestWorld(1, { policies, ...(mesh === undefined ? {} : { defaults: mesh }) });
  const versions = { a: '1', b: '2' };
  world.registry.show(
    { name: 'hello' },
    Object.entries(versions).map(([id, version]) => testNode(id, { version, labels: { zone: 'z' } })),
  );
  await world.clock.settle();
  const caller = world.caller(client);
  const method = {
    path: '/hello.v1.Hello/Anything',
    service: 'hello.v1.Hello',
    name: 'Anything',
    kind: kind ?? ('unary' as const),
    idempotency: proto ?? ('unknown' as const),
  };
  const listener = { onHeaders() {}, onMessage() {} };
  const context: CallContext | undefined = parent && {
    deadline: Number.POSITIVE_INFINITY,
    signal: createAbortController().signal,
    attempt: 1,
    ...parent,
  };
  const make = () => {
    const call = caller.newCall(method, new Metadata(), options, listener);
    call.requests.push({ bytes: Buffer.from('hi'), flags: 0, written: undefined });
    call.requests.end();
    return { call, ended: caller.start(call) };
  };
  const { call, ended } = context === undefined ? make() : runInCallContext(context, make);
  call.requestRead();
  const outcome = await ended;
  const planned = outcome.reason === 'route' ? undefined : call.plan;
  const { hashKey, startedAt } = call;
  const about = { method, options, hashKey, startedAt, parent: context };
  world.room.close();
  return { call, outcome, plan: planned && explainPlan(planned, about) };
}

function wordsOf(from: readonly ValueOrigin[]): readonly string[] {
  return from.map((origin) =>
    origin.kind === 'policy'
      ? `${origin.resource} ${origin.path} ${origin.file}:${origin.line}`
      : origin.kind,
  );
}

function itHolds<Value>(name: string, row: Row<Value>): void {
  const all = combinations(row.places);
  it(`${name}: ${all.length} combinations`, async () => {
    for (const words of all) {
      const expected = row.rule(words);
      const { call, outcome, plan } = await callUnder(words);
      const said = JSON.stringify(words, (_, value) => (typeof value === 'function' ? value.name : value));
      if (typeof expected === 'string') {
        expect(outcome, said).toMatchObject({ reason: 'route', details: expect.stringContaining(expected) });
        continue;
      }
      if (plan === undefined) throw new Error(`${said}: refused: ${outcome.details}`);
      const { value, from } = row.read({ call, plan });
      expect({ value, from: wordsOf(from) }, said).toEqual(expected);
    }
  });
}

/** A rule whose resource has an annotation of micromesh's. */
function annotated(name: string, value: string): string {
  const annotations = `annotations: { micromesh.io/${name}: "${value}" }`;
  return helloRules(`{ ${TO_HELLO} }`).replace('name: hello', `name: hello, ${annotations}`);
}

function noteOf(name: string): string {
  return `VirtualService hello metadata.annotations["micromesh.io/${name}"] test.yaml:3`;
}

describe('whose word counts', () => {
  const RULE_TIME = 'VirtualService hello spec.http[0].timeout test.yaml:7';

  itHolds('the deadline', {
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
  });

  itHolds('retries', {
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
  });

  const OUTCOMES = [status.UNAVAILABLE, status.INTERNAL, status.ABORTED].map((code) => ({
    ...localOutcome(code, 'none', 'answered', 'no'),
    origin: 'remote' as const,
  }));
  const onUnavailable: RetryFunction = retryOnCodes('UNAVAILABLE', 'ABORTED');
  const onInternal: RetryFunction = ({ outcome }) => outcome.code === status.INTERNAL;
  const onAborted: RetryFunction = ({ outcome }) => outcome.code === status.ABORTED;
  itHolds('the condition of a retry', {
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
  });

  function contextOf(outcome: (typeof OUTCOMES)[number]) {
    const method = { path: '/a/b', service: 'a', name: 'b', kind: 'unary', idempotency: 'unknown' } as const;
    const { delivery } = outcome;
    return { method, attempt: 1, outcome, delivery, idempotent: false, remainingMs: 1000 };
  }

  itHolds('the time of an attempt', {
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
  });

  itHolds<readonly unknown[]>('a hedge, and the attempt that it takes', {
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
  });

  itHolds('the pause before a retry', {
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
  });

  itHolds('the strategy', {
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
  });

  itHolds('the nodes that a call may go to', {
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
  });

  itHolds('whether a method may run twice', {
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
  });
});
