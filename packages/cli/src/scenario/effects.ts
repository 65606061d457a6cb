import type { MaybeTwice } from './result.js';

/** A line that a hello node wrote: it began to work for a call, or did what the call asked for. */
export interface EffectLine {
  /** ms since 1970. */
  readonly at: number;
  /** The id of the node. */
  readonly node: string;
  /** The id that the request carried. */
  readonly call: string;
  readonly event: 'start' | 'effect';
}

/** The instant at which a node was killed or frozen. */
export interface Strike {
  readonly node: string;
  /** ms since 1970: until then nothing had happened yet. */
  readonly at: number;
  /** From then on it was in force. */
  readonly until: number;
  /**
   * `death`: what it was doing is lost. `stall`: it stood still and goes on, and has to ask then whether its work is still wanted. `cut`: it
   * goes on working, and nobody hears its answers.
   */
  readonly kind: 'death' | 'stall' | 'cut';
}

/** How often calls were executed. */
export interface Executions {
  /** Calls with more than one effect, but for those of `maybeTwice`. */
  readonly executedTwice: readonly string[];
  /**
   * Calls of which no client can know: they were inside a handler when its node died; or they had taken effect there, the
   * answer was not out when it died or froze, and they were executed again afterwards. Of a node that was cut off: they had
   * arrived there before.
   */
  readonly maybeTwice: readonly MaybeTwice[];
}

/**
 * How long a node may take to begin what had arrived before it was cut off. The link stays down for longer, so that nothing can have
 * arrived meanwhile.
 */
const IN_LINE_MS = 1000;

/** Nodes write whole milliseconds, rounded down. */
const ROUNDING_MS = 2;

/**
 * Reads the lines that hello nodes wrote.
 *
 * @throws Error when a line is not one of a hello node: then nothing can be said of executions.
 */
export function parseEffects(text: string): EffectLine[] {
  const lines = text.split('\n').filter((line) => line !== '');
  return lines.map((line) => {
    const effect = parseEffectLine(line);
    if (effect === undefined)
      throw new Error(`the effects file has a line that no hello node wrote: ${line}`);
    return effect;
  });
}

/** Reads one line; undefined when it is not one of a hello node, or torn. */
export function parseEffectLine(line: string): EffectLine | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return isEffectLine(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Counts executions.
 *
 * @param strike - what was done to a node; undefined: nothing.
 * @param answeredBefore - whether the client had the answer to a call when the node was struck.
 */
export function countExecutions(
  lines: readonly EffectLine[],
  strike: Strike | undefined,
  answeredBefore: (call: string) => boolean,
): Executions {
  const executedTwice: string[] = [];
  const maybeTwice: MaybeTwice[] = [];
  for (const [call, own] of linesByCall(lines)) {
    const effects = own.filter(({ event }) => event === 'effect').length;
    if (strike !== undefined && isUnknowable(own, effects, strike) && !answeredBefore(call)) {
      maybeTwice.push({ call, node: strike.node, effects });
    } else if (effects > 1) {
      executedTwice.push(call);
    }
  }
  return { executedTwice, maybeTwice };
}

/**
 * Counts calls that succeeded and left no effect: then the record has holes, and what it says of executions proves nothing.
 *
 * @param okCalls - the ids of the calls that succeeded.
 */
export function countOkWithoutEffect(lines: readonly EffectLine[], okCalls: readonly string[]): number {
  const took = new Set(lines.filter(({ event }) => event === 'effect').map(({ call }) => call));
  return okCalls.filter((call) => !took.has(call)).length;
}

function linesByCall(lines: readonly EffectLine[]): Map<string, EffectLine[]> {
  const byCall = new Map<string, EffectLine[]>();
  for (const line of lines) {
    const own = byCall.get(line.call);
    if (own === undefined) byCall.set(line.call, [line]);
    else own.push(line);
  }
  return byCall;
}

function isUnknowable(
  lines: readonly EffectLine[],
  effects: number,
  { node, at, until, kind }: Strike,
): boolean {
  const graceMs = kind === 'cut' ? IN_LINE_MS : ROUNDING_MS;
  const before = lines.filter((line) => line.node === node && line.at <= until + graceMs);
  if (!before.some(({ event }) => event === 'start')) return false;
  // Begun elsewhere before anything had happened: the strike is no excuse for that.
  if (lines.some((line) => line.node !== node && line.at < at - ROUNDING_MS)) return false;
  // One that was cut off goes on with what it had begun.
  const own = kind === 'cut' ? lines.filter((line) => line.node === node) : before;
  const tookEffect = own.some(({ event }) => event === 'effect');
  return tookEffect ? effects > 1 : kind === 'death';
}

function isEffectLine(value: unknown): value is EffectLine {
  return (
    typeof value === 'object' &&
    value !== null &&
    'at' in value &&
    typeof value.at === 'number' &&
    'node' in value &&
    typeof value.node === 'string' &&
    'call' in value &&
    typeof value.call === 'string' &&
    'event' in value &&
    (value.event === 'start' || value.event === 'effect')
  );
}
