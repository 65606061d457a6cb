import type { PolicyOrigin } from '../origin/resource-place.js';
import type { CallCondition, Candidate, CandidateStep } from './candidate-step.js';
import { stepsOf } from './candidate-steps.js';
import { type Condition, readSubject, type Source, type Subject } from './condition.js';
import type { RouteRequest } from './route-request.js';
import type { MatchBlock, RouteRule } from './route-rule.js';
import type { RuleMatch } from './rule-match.js';

export type { RuleMatch } from './rule-match.js';

/**
 * What becomes of a call. `none`: the service has rules for this caller, and none of them takes the call; it ends with UNIMPLEMENTED, what
 * gRPC makes of the 404 with which Envoy answers. `unrouted`: no rule is for this caller and port, and the call goes to the service as if
 * there were no VirtualService, as in Istio.
 */
export type RouteMatch = RuleMatch | { readonly kind: 'none' } | { readonly kind: 'unrouted' };

const NONE: RouteMatch = { kind: 'none' };
const UNROUTED: RouteMatch = { kind: 'unrouted' };
/** Decisions that are kept; a process calls fewer methods, a gateway is asked for anything. */
const MAX_SHAPES = 1024;
const UNREAD = Symbol('unread');

type SubjectValue = string | undefined | typeof UNREAD;

/** What is the same for all calls of one path, authority, port, scheme and verb: the matches that are left, and what they look at. */
interface CallShape {
  readonly authority: string;
  readonly port: number | undefined;
  readonly scheme: string;
  readonly verb: string;
  readonly steps: readonly CandidateStep[];
  /** As many as there are subjects. */
  readonly unread: readonly SubjectValue[];
  readonly otherwise: RouteMatch;
}

/** The rules for one service, or one host of a gateway, as one caller sees them. */
export class RouteTable {
  readonly #shapes = new Map<string, CallShape[]>();
  #kept = 0;

  /**
   * @param origin - of the VirtualService.
   * @param rules - in order.
   */
  constructor(
    readonly origin: PolicyOrigin,
    readonly rules: readonly RouteRule[],
    readonly source: Source,
  ) {}

  /** The first rule that takes the call. The object is the same for the same match: nothing is made for a call. */
  find(request: RouteRequest): RouteMatch {
    const { steps, unread, otherwise } = this.#shapeOf(request);
    return this.#first(steps, unread.slice(), request) ?? otherwise;
  }

  #first(
    steps: readonly CandidateStep[],
    values: SubjectValue[],
    request: RouteRequest,
  ): RuleMatch | undefined {
    for (const step of steps) {
      const match = this.#firstIn(step, values, request);
      if (match !== undefined) return match;
    }
    return undefined;
  }

  #firstIn(step: CandidateStep, values: SubjectValue[], request: RouteRequest): RuleMatch | undefined {
    switch (step.kind) {
      case 'each':
        return this.#firstOf(step.candidates, values, request);
      case 'byText': {
        const own = step.byText.get(this.#valueOf(step.by, values, request) ?? '');
        return own === undefined ? undefined : this.#firstOf(own, values, request);
      }
      case 'byPattern': {
        const value = this.#valueOf(step.by, values, request);
        const mayBe = value !== undefined && step.anyPattern.test(value);
        return mayBe ? this.#first(step.steps, values, request) : undefined;
      }
      case 'byHeader':
        return request.hasAnyHeader(step.headers) ? this.#first(step.steps, values, request) : undefined;
    }
  }

  /** One by one. */
  #firstOf(
    candidates: readonly Candidate[],
    values: SubjectValue[],
    request: RouteRequest,
  ): RuleMatch | undefined {
    next: for (const { match, conditions } of candidates) {
      for (const each of conditions) {
        const value = this.#valueOf(each, values, request);
        if (value === undefined && each.needsText) continue next;
        if (!each.condition.holds(value)) continue next;
      }
      return match;
    }
    return undefined;
  }

  /** Read once a call. */
  #valueOf(
    { slot, condition }: CallCondition,
    values: SubjectValue[],
    request: RouteRequest,
  ): string | undefined {
    let value = values[slot];
    if (value === UNREAD) {
      value = readSubject(condition.subject, this.source, request);
      values[slot] = value;
    }
    return value;
  }

  #shapeOf(request: RouteRequest): CallShape {
    const { path, authority, port, scheme, verb } = request;
    const shapes = this.#shapes.get(path);
    if (shapes !== undefined) {
      for (const shape of shapes) {
        if (
          shape.authority === authority &&
          shape.port === port &&
          shape.verb === verb &&
          shape.scheme === scheme
        )
          return shape;
      }
    }
    const shape = this.#decide(request);
    if (this.#kept >= MAX_SHAPES) {
      this.#shapes.clear();
      this.#kept = 0;
    }
    const kept = this.#shapes.get(path);
    if (kept === undefined) this.#shapes.set(path, [shape]);
    else kept.push(shape);
    this.#kept++;
    return shape;
  }

  #decide(request: RouteRequest): CallShape {
    const { authority, port, scheme, verb } = request;
    const candidates: Candidate[] = [];
    const subjects: Subject[] = [];
    let isRouted = false;
    for (const rule of this.rules) {
      for (const match of rule.matches) {
        const { isForCaller, left } = this.#narrow(match, request);
        isRouted ||= isForCaller;
        if (left === undefined) continue;
        candidates.push({
          match: { kind: 'rule', rule, match },
          conditions: left.map((condition) => ({
            slot: slotOf(condition.subject, subjects),
            condition,
            needsText: condition.needsText === true,
          })),
        });
      }
    }
    const certain = candidates.findIndex(({ conditions }) => conditions.length === 0);
    return {
      authority,
      port,
      scheme,
      verb,
      steps: stepsOf(certain < 0 ? candidates : candidates.slice(0, certain + 1)),
      unread: subjects.map(() => UNREAD),
      otherwise: isRouted ? NONE : UNROUTED,
    };
  }

  /** The conditions of a match that are left for each call; undefined where one of the others does not hold. */
  #narrow(
    { conditions }: MatchBlock,
    request: RouteRequest,
  ): { readonly isForCaller: boolean; readonly left: readonly Condition[] | undefined } {
    const left: Condition[] = [];
    let isForCaller = true;
    let holds = true;
    for (const condition of conditions) {
      if (condition.decided === 'call') left.push(condition);
      else if (!condition.holds(readSubject(condition.subject, this.source, request))) {
        holds = false;
        // Istio makes routes for a port: a match of another port is none of it.
        if (condition.decided === 'caller' || condition.subject.kind === 'port') isForCaller = false;
      }
    }
    return { isForCaller, left: holds ? left : undefined };
  }
}

function slotOf(subject: Subject, subjects: Subject[]): number {
  const known = subjects.findIndex(({ kind, name }) => kind === subject.kind && name === subject.name);
  return known < 0 ? subjects.push(subject) - 1 : known;
}
