import { Metadata } from '@grpc/grpc-js';
import { seededRandom } from '@micromesh/core';
import { FakeClock } from '@micromesh/core/testing';
import { formatProblem, PolicySet, readResources, validate } from '@micromesh/policy';
import type { ReplyStatus } from '../../reply-status.js';
import type { Admission } from '../load-limits.js';
import { type LimitedApplicant, PolicyLimits } from '../policy-limits.js';

/** For tests: the service that policies limit. */
export const SERVICE = { name: 'hello' };
/** The bucket of a RateLimit. */
export const TWO_A_SECOND = 'tokenBucket: { maxTokens: 2, tokensPerFill: 2, fillInterval: 1s }';

/** For tests: a call of the service, as limits see it. */
export class LimitedTestCall implements LimitedApplicant {
  readonly method = {
    path: '/h.H/A',
    service: 'h.H',
    name: 'A',
    kind: 'unary',
    idempotency: 'unknown',
  } as const;
  readonly metadata: Metadata;
  heldByPolicy: Admission | undefined;
  state: 'waiting' | 'passed' | 'shed' | 'left' = 'waiting';
  reply: ReplyStatus | undefined;

  constructor(user = '') {
    this.metadata = Metadata.fromHttp2Headers({ 'x-user': user });
  }

  passed() {
    this.state = 'passed';
  }

  shed(reply: ReplyStatus) {
    this.state = 'shed';
    this.reply = reply;
    this.heldByPolicy?.leave();
  }

  leave() {
    this.state = 'left';
    this.heldByPolicy?.leave();
    this.heldByPolicy?.leave();
  }

  get pushBackMs(): number {
    return Number(this.reply?.metadata.get('grpc-retry-pushback-ms')[0]);
  }
}

/** For tests: a node of the service, its limits, and its clock. */
export class LimitedWorld {
  readonly clock = new FakeClock();
  readonly policies: { current: PolicySet | undefined } = { current: undefined };
  readonly limits: PolicyLimits;

  constructor(seed = 1) {
    this.limits = new PolicyLimits(this.policies, {
      service: SERVICE,
      clock: this.clock,
      random: seededRandom(seed),
    });
  }

  /** Puts these policies in force, and no others; each is of its kind, its spec and, maybe, more metadata in YAML. */
  set(
    ...specs: readonly (readonly [kind: 'RateLimit' | 'ConcurrencyLimit', spec: string, more?: string])[]
  ): this {
    const text = specs.map(
      ([kind, spec, more = ''], index) =>
        `apiVersion: micromesh.io/v1\nkind: ${kind}\nmetadata: { name: limit-${index}${more} }\nspec: { host: hello, ${spec} }\n`,
    );
    const { resources, problems } = validate(readResources(text.join('---\n'), 'test.yaml').documents);
    if (problems.length > 0) throw new Error(problems.map(formatProblem).join('\n'));
    this.policies.current = PolicySet.compile(resources, { version: '1', caller: { labels: {} } });
    return this;
  }

  /** A call comes. */
  apply(user?: string): LimitedTestCall {
    const call = new LimitedTestCall(user);
    this.limits.apply(call);
    return call;
  }

  /** So many calls come: what becomes of each. */
  states(count: number): readonly string[] {
    return Array.from({ length: count }, () => this.apply().state);
  }
}
