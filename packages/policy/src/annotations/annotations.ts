import { nearestName } from '@micromesh/core';
import { showValue } from '../document/plain-value.js';
import type { ResourceDocument } from '../document/resource-document.js';
import type { Finding } from '../problem.js';
import { type Duration, parseDuration } from '../schema/duration.js';

/** When an attempt starts beside one that is slow: after a time, or where it is slower than a share of the answers. */
export type HedgeAnnotation =
  | { readonly kind: 'delay'; readonly delay: Duration }
  | { readonly kind: 'percentile'; readonly ratio: number };

/** micromesh's extensions of Istio's resources; what is silent is undefined. */
export interface Annotations {
  /** `call`, as in Istio, or `attempt`, so that retries and ejection meet the fault; default `call`. */
  readonly faultScope?: 'call' | 'attempt';
  /** Makes the draws of faults, weights and mirrors repeatable; 0 to 4294967295. */
  readonly seed?: number;
  readonly hedge?: HedgeAnnotation;
  /** Whether the attempt time-out follows what the method takes; default false. */
  readonly adaptiveAttemptTimeout?: boolean;
  /** Whether the resource only counts what it would have done; default false. */
  readonly dryRun?: boolean;
}

/** What is documented of an annotation. */
export interface AnnotationMeta {
  /** The kinds that may have it; undefined: all. */
  readonly kinds?: readonly string[];
  readonly values: string;
  readonly note: string;
}

const PREFIX = 'micromesh.io/';
const MAX_SEED = 2 ** 32 - 1;
const VIRTUAL_SERVICE = ['VirtualService'];

/** Every annotation that micromesh reads. */
export const ANNOTATIONS: ReadonlyMap<string, AnnotationMeta> = new Map([
  [
    'micromesh.io/fault-scope',
    {
      kinds: VIRTUAL_SERVICE,
      values: 'call or attempt',
      note: 'whether a fault is that of the call (neither retried nor counted, as in Istio) or of the attempt (as if the node had made it); default call',
    },
  ],
  [
    'micromesh.io/seed',
    {
      kinds: VIRTUAL_SERVICE,
      values: 'a whole number from 0 to 4294967295',
      note: 'makes the draws of faults, weights and mirrors repeatable; default: chance',
    },
  ],
  [
    'micromesh.io/hedge',
    {
      kinds: VIRTUAL_SERVICE,
      values: 'a duration like 50ms, or p95',
      note: 'idempotent unary calls of which code does not say it: a further attempt, within `retries`, starts beside one that has taken so long; default: none',
    },
  ],
  [
    'micromesh.io/adaptive-attempt-timeout',
    {
      kinds: VIRTUAL_SERVICE,
      values: 'true or false',
      note: 'idempotent unary calls: an attempt that another may follow ends at twice the 99th percentile of the answers of the method lately, at least 10 ms, once 20 are known; only lowers; default false',
    },
  ],
  [
    'micromesh.io/dry-run',
    { values: 'true or false', note: 'the resource only counts what it would have done; default false' },
  ],
]);

/** Reads micromesh's annotations of a resource; those of others are none of its business. */
export function readAnnotations(document: ResourceDocument, find: (finding: Finding) => void): Annotations {
  for (const [name, value] of Object.entries(document.annotations)) {
    if (!name.startsWith(PREFIX)) continue;
    const problem = problemOf(name, value, document.kind);
    if (problem !== undefined) {
      find({ severity: 'error', path: ['metadata', 'annotations', name], ...problem });
    }
  }
  const given = (name: string) => document.annotations[PREFIX + name];
  const faultScope = readScope(given('fault-scope'));
  const seed = readSeed(given('seed'));
  const hedge = readHedge(given('hedge'));
  const adaptiveAttemptTimeout = readFlag(given('adaptive-attempt-timeout'));
  const dryRun = readFlag(given('dry-run'));
  return {
    ...(faultScope === undefined ? {} : { faultScope }),
    ...(seed === undefined ? {} : { seed }),
    ...(hedge === undefined ? {} : { hedge }),
    ...(adaptiveAttemptTimeout === undefined ? {} : { adaptiveAttemptTimeout }),
    ...(dryRun === undefined ? {} : { dryRun }),
  };
}

function problemOf(name: string, value: string, kind: string): { message: string; fix: string } | undefined {
  const meta = ANNOTATIONS.get(name);
  if (meta === undefined) {
    const near = nearestName(name, [...ANNOTATIONS.keys()]);
    return {
      message: `there is no annotation ${name}`,
      fix: near === undefined ? `there are ${[...ANNOTATIONS.keys()].join(', ')}` : `did you mean ${near}?`,
    };
  }
  if (meta.kinds !== undefined && !meta.kinds.includes(kind)) {
    return { message: `${name} says nothing of a ${kind}`, fix: `write it at a ${meta.kinds.join(' or ')}` };
  }
  if (isReadable(name, value)) return undefined;
  return { message: `${showValue(value)} is no value of ${name}`, fix: `write ${meta.values}` };
}

function isReadable(name: string, value: string): boolean {
  switch (name) {
    case 'micromesh.io/fault-scope':
      return readScope(value) !== undefined;
    case 'micromesh.io/seed':
      return readSeed(value) !== undefined;
    case 'micromesh.io/hedge':
      return readHedge(value) !== undefined;
    default:
      return readFlag(value) !== undefined;
  }
}

function readScope(value: string | undefined): 'call' | 'attempt' | undefined {
  return value === 'call' || value === 'attempt' ? value : undefined;
}

function readSeed(value: string | undefined): number | undefined {
  if (value === undefined || !/^\d{1,10}$/.test(value)) return undefined;
  return Number(value) <= MAX_SEED ? Number(value) : undefined;
}

function readHedge(value: string | undefined): HedgeAnnotation | undefined {
  if (value === 'p95') return { kind: 'percentile', ratio: 0.95 };
  const delay = value === undefined ? undefined : parseDuration(value);
  return delay === undefined || delay.ms < 1 ? undefined : { kind: 'delay', delay };
}

function readFlag(value: string | undefined): boolean | undefined {
  return value === 'true' ? true : value === 'false' ? false : undefined;
}
