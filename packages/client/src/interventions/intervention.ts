import { ConfigError, formatServiceKey, type ServiceKey } from '@micromesh/core';

/** An operator has taken a node out, for a while. */
export interface Intervention {
  readonly nodeId: string;
  /** At most 200 characters, all of them printable. */
  readonly who: string;
  /** At most 1000 characters, all of them printable. */
  readonly why: string;
  /** When it was said, in ms since 1970. */
  readonly atMs: number;
  /** When it ends, in ms since 1970; later than `atMs`. */
  readonly untilMs: number;
}

/** What stands under a key of interventions. */
export type InterventionRecord =
  | { readonly kind: 'intervention'; readonly intervention: Intervention }
  /** Nobody can follow it; `problem` continues the sentence "the record ...". */
  | { readonly kind: 'unreadable'; readonly nodeId: string; readonly problem: string };

/** What the keys of all interventions begin with, in whatever service. */
export const INTERVENTIONS_PREFIX = 'micromesh/interventions/';
const MAX_WHO = 200;
const MAX_WHY = 1000;
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u;
const INSTANT = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)$/;

/** What the keys of all interventions in one service begin with: `micromesh/interventions/hello/`. */
export function interventionPrefix(service: ServiceKey): string {
  return `${INTERVENTIONS_PREFIX}${keyPart(formatServiceKey(service))}/`;
}

/** The key of the intervention on one node: `micromesh/interventions/hello/hello-3f9a`. */
export function interventionKey(service: ServiceKey, nodeId: string): string {
  return interventionPrefix(service) + keyPart(nodeId);
}

// A store refuses `.` and `..` between slashes, and a slash in a name would be one of the key.
function keyPart(name: string): string {
  const part = encodeURIComponent(name);
  return /^\.+$/.test(part) ? part.replaceAll('.', '%2E') : part;
}

/**
 * Checks what an operator says.
 *
 * @throws ConfigError for words that are empty, too long or not printable, and for an end that is no later than its beginning.
 */
export function checkIntervention(intervention: Intervention): void {
  const wrong = problemOf(intervention);
  if (wrong !== undefined) throw new ConfigError(wrong.field, wrong.value, wrong.problem, wrong.mend);
}

/** Writes the value that stands under {@link interventionKey}. */
export function formatIntervention({ who, why, atMs, untilMs }: Intervention): string {
  return JSON.stringify({
    action: 'eject',
    who,
    why,
    at: new Date(atMs).toISOString(),
    until: new Date(untilMs).toISOString(),
  });
}

/** Reads one entry below {@link interventionPrefix}; undefined: it is about no node. */
export function readIntervention(
  service: ServiceKey,
  key: string,
  value: string,
): InterventionRecord | undefined {
  const part = key.slice(interventionPrefix(service).length);
  // What Consul's own page makes as a folder.
  if (part === '') return undefined;
  const nodeId = decoded(part);
  if (nodeId === undefined || keyPart(nodeId) !== part) {
    return { kind: 'unreadable', nodeId: part, problem: 'has a key that names no node' };
  }
  const unreadable = (problem: string) => ({ kind: 'unreadable', nodeId, problem }) as const;
  const record = parsed(value);
  if (record === undefined) return unreadable('is no JSON object');
  const { action, who, why, at, until } = record;
  if (action !== 'eject') return unreadable("has another action than 'eject'");
  if (typeof who !== 'string' || typeof why !== 'string') return unreadable('does not say who and why');
  const atMs = instant(at);
  const untilMs = instant(until);
  if (atMs === undefined || untilMs === undefined) {
    return unreadable('has no times in at and until, as in 2026-01-01T10:00:00Z');
  }
  const intervention = { nodeId, who, why, atMs, untilMs };
  const wrong = problemOf(intervention);
  return wrong === undefined
    ? { kind: 'intervention', intervention }
    : unreadable(`has a ${wrong.field} that ${wrong.problem}`);
}

/** In one line: `ejected by anna until 2026-01-01T10:00:00.000Z: disk full`. */
export function wordsOf({ who, why, untilMs }: Intervention): string {
  return `ejected by ${who} until ${new Date(untilMs).toISOString()}: ${why}`;
}

/** Whether both say the same. */
export function sameIntervention(a: Intervention | undefined, b: Intervention | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  return (
    a.nodeId === b.nodeId &&
    a.who === b.who &&
    a.why === b.why &&
    a.atMs === b.atMs &&
    a.untilMs === b.untilMs
  );
}

interface Problem {
  readonly field: string;
  readonly value: unknown;
  readonly problem: string;
  readonly mend: string;
}

function problemOf({ who, why, atMs, untilMs }: Intervention): Problem | undefined {
  return (
    wordsProblem('who', who, MAX_WHO) ??
    wordsProblem('why', why, MAX_WHY) ??
    (untilMs > atMs
      ? undefined
      : {
          field: 'until',
          value: new Date(untilMs).toISOString(),
          problem: 'is not after its beginning',
          mend: 'give it some time',
        })
  );
}

function wordsProblem(field: string, value: string, max: number): Problem | undefined {
  const wrong = (problem: string, mend: string) => ({ field, value, problem, mend });
  if (value.trim() === '') return wrong('is empty', 'say it in a few words');
  if (value.length > max) return wrong(`is longer than ${max} characters`, 'shorten it');
  return UNPRINTABLE.test(value)
    ? wrong('has characters that cannot be printed', 'write one line of plain text')
    : undefined;
}

function instant(value: unknown): number | undefined {
  if (typeof value !== 'string' || !INSTANT.test(value)) return undefined;
  const ms = Date.parse(value);
  return Number.isNaN(ms) ? undefined : ms;
}

function decoded(part: string): string | undefined {
  try {
    return decodeURIComponent(part);
  } catch {
    return undefined;
  }
}

function parsed(value: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const read: unknown = JSON.parse(value);
    return typeof read === 'object' && read !== null && !Array.isArray(read) ? { ...read } : undefined;
  } catch {
    return undefined;
  }
}
