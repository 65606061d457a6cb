import { Metadata } from '@grpc/grpc-js';
import {
  type CallContext,
  createAbortController,
  type Idempotency,
  type MethodKind,
  type PlanTrace,
  runInCallContext,
  type ValueOrigin,
} from '@micromesh/core';
import type { CallOptions } from '../call/call-options.js';
import type { ClientCall } from '../call/client-call.js';
import type { CodeSettings } from '../call/plan-defaults.js';
import { explainPlan } from '../call/plan-origins.js';
import { helloRules, TestPolicies } from './test-policies.js';
import { TestWorld, testNode } from './test-world.js';

/*
 * The table "Whose word counts" of the README, row by row: each place that may speak is silent or says one of some words, all combinations are
 * made, and what the table says of each is compared with what a call gets, and with whose word it is told to be.
 */

/** What each place says; undefined: nothing. */
export interface Words {
  readonly parent?: Partial<CallContext> | undefined;
  readonly call?: CallOptions | undefined;
  readonly client?: CodeSettings | undefined;
  readonly mesh?: CodeSettings | undefined;
  /** YAML. */
  readonly policy?: string | undefined;
  readonly proto?: Idempotency | undefined;
  readonly kind?: MethodKind | undefined;
}

/** What a call gets, and whose word that is. */
export interface Got {
  readonly value: unknown;
  readonly from: readonly ValueOrigin[];
}

/** A call that was made, and what is told of its plan. */
export interface Seen {
  readonly call: ClientCall;
  readonly plan: PlanTrace;
}

/** A row of the table. */
export interface Row {
  readonly places: { readonly [Place in keyof Words]: readonly Words[Place][] };
  /** The table's rule; a text: the call is refused with that in its details. */
  readonly rule: (words: Words) => { readonly value: unknown; readonly from: readonly string[] } | string;
  readonly read: (seen: Seen) => Got;
}

/** What a row says of some words, and what came of a call under them. */
export interface Comparison {
  readonly words: string;
  readonly expected: unknown;
  readonly got: unknown;
}

/** A row with its name in the table, ready for a test. */
export interface RowTest {
  readonly name: string;
  /** Makes a call for each combination of words. */
  readonly comparisons: () => AsyncGenerator<Comparison>;
}

/** A place is silent. */
export const SILENT = undefined;
/** A rule's way to its nodes, YAML in flow style. */
export const TO_HELLO = 'route: [{ destination: { host: hello } }]';
/** A time beyond the others of a test, in milliseconds. */
export const FAR = 60_000;

function combinations(places: Row['places']): readonly Words[] {
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

async function compared(row: Row, under: Words): Promise<Comparison> {
  const words = JSON.stringify(under, (_, value) => (typeof value === 'function' ? value.name : value));
  const expected = row.rule(under);
  const { call, outcome, plan } = await callUnder(under);
  const { reason, details } = outcome;
  if (typeof expected === 'string') {
    const isSo = reason === 'route' && details.includes(expected);
    return { words, expected, got: isSo ? expected : `${reason}: ${details}` };
  }
  if (plan === undefined) throw new Error(`${words}: refused: ${details}`);
  const { value, from } = row.read({ call, plan });
  return { words, expected, got: { value, from: wordsOf(from) } };
}

/** What there is to test of rows. */
export function testsOf(rows: Readonly<Record<string, Row>>): readonly RowTest[] {
  return Object.entries(rows).map(([name, row]) => {
    const all = combinations(row.places);
    return {
      name: `${name}: ${all.length} combinations`,
      comparisons: async function* () {
        for (const words of all) yield await compared(row, words);
      },
    };
  });
}

/** A rule whose resource has an annotation of micromesh's. */
export function annotated(name: string, value: string): string {
  const annotations = `annotations: { micromesh.io/${name}: "${value}" }`;
  return helloRules(`{ ${TO_HELLO} }`).replace('name: hello', `name: hello, ${annotations}`);
}

/** Where that annotation is, as a plan tells it. */
export function noteOf(name: string): string {
  return `VirtualService hello metadata.annotations["micromesh.io/${name}"] test.yaml:3`;
}
