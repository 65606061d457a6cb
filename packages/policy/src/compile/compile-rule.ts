import type { Annotations } from '../annotations/annotations.js';
import { ResourcePlace, type Sourced } from '../origin/resource-place.js';
import { compileConditions } from '../route/condition.js';
import { compileCors } from '../route/cors-rule.js';
import { authorityOf, compileHeaderEdits } from '../route/header-edits.js';
import { compilePathRewrite } from '../route/rewrite-path.js';
import type { MatchBlock, RouteRule, RuleAnnotations } from '../route/route-rule.js';
import { RuleChance } from '../route/rule-chance.js';
import type { VirtualService } from '../validate/resource.js';
import { compileAction } from './compile-action.js';
import { compileFault } from './compile-fault.js';
import { compileMirrors } from './compile-mirrors.js';
import { compileRetry } from './compile-retry.js';
import type { MergedMatch, MergedRule } from './merged-rule.js';

/** Compiles one rule; undefined where it does nothing, which validation refuses. */
export function compileRule(rule: MergedRule): RouteRule | undefined {
  const action = compileAction(rule);
  if (action === undefined) return undefined;
  const { timeout, retries, fault, headers, corsPolicy } = rule.fields;
  const annotations = compileAnnotations(rule);
  return {
    name: rule.name,
    origin: rule.place.origin(),
    matches: compileMatches(rule),
    action,
    timeoutMs: timeout === undefined ? undefined : said(rule.placeOf('timeout'), timeout.ms),
    retry: retries === undefined ? undefined : compileRetry(retries, rule.placeOf('retries')),
    fault: fault === undefined ? undefined : compileFault(fault, rule.placeOf('fault')),
    mirrors: compileMirrors(rule),
    request: said(rule.placeOf('headers').at('request'), compileHeaderEdits(headers?.request)),
    response: said(rule.placeOf('headers').at('response'), compileHeaderEdits(headers?.response)),
    authority: compileAuthority(rule),
    cors: corsPolicy === undefined ? undefined : compileCors(corsPolicy, rule.placeOf('corsPolicy').origin()),
    annotations,
    chance: new RuleChance(
      annotations.seed?.value,
      `${rule.service.namespace ?? ''}/${rule.service.name} ${rule.name}`,
    ),
  };
}

function compileMatches({ matches, fields, place }: MergedRule): readonly MatchBlock[] {
  const { prefixRewrite } = fields.redirect ?? {};
  const rewrite = prefixRewrite === undefined ? fields.rewrite : { uri: prefixRewrite };
  const all: readonly (MergedMatch | undefined)[] = matches ?? [undefined];
  return all.map((each, index) => ({
    index,
    name: each?.match.name ?? '',
    origin: (each?.place ?? place).origin(),
    conditions: each === undefined ? [] : compileConditions(each.match),
    rewritePath: compilePathRewrite(rewrite, each?.match),
  }));
}

function said<T>(place: ResourcePlace, value: T): Sourced<T> {
  return { value, origin: place.origin() };
}

function compileAuthority(rule: MergedRule): Sourced<string> | undefined {
  const { rewrite, headers } = rule.fields;
  if (rewrite?.authority !== undefined) {
    return said(rule.placeOf('rewrite').at('authority'), rewrite.authority);
  }
  const set = authorityOf(headers?.request);
  return set === undefined ? undefined : said(rule.placeOf('headers').at('request'), set);
}

/** The annotations of the resource that has the rule, else of the one that delegates to it. */
function compileAnnotations({ service, root }: MergedRule): RuleAnnotations {
  const given = <T>(name: string, read: (annotations: Annotations) => T | undefined) => {
    const from = root !== undefined && read(service.annotations) === undefined ? root : service;
    return annotationsOf(from).maybe(name, read(from.annotations));
  };
  const orDefault = <T>(name: string, read: (annotations: Annotations) => T | undefined, fallback: T) =>
    given(name, read) ?? annotationsOf(service).orDefault(name, undefined, fallback);
  return {
    hedge: given('micromesh.io/hedge', ({ hedge }) => hedge),
    seed: given('micromesh.io/seed', ({ seed }) => seed),
    faultScope: orDefault('micromesh.io/fault-scope', ({ faultScope }) => faultScope, 'call'),
    adaptiveAttemptTimeout: orDefault(
      'micromesh.io/adaptive-attempt-timeout',
      ({ adaptiveAttemptTimeout }) => adaptiveAttemptTimeout,
      false,
    ),
  };
}

function annotationsOf(service: VirtualService): ResourcePlace {
  return new ResourcePlace(service, ['metadata', 'annotations']);
}
