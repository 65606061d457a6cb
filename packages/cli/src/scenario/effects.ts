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

/** How often calls were executed. */
export interface Executions {
  /** Calls with more than one effect. */
  readonly executedTwice: readonly string[];
  /** Calls that were inside a handler of one of the dead nodes when it died. */
  readonly maybeTwice: readonly MaybeTwice[];
}

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
 * @param deadNodes - the ids of the nodes that were killed.
 */
export function countExecutions(lines: readonly EffectLine[], deadNodes: ReadonlySet<string>): Executions {
  const effects = new Map<string, number>();
  const openOnDead = new Map<string, { readonly call: string; readonly node: string; open: number }>();
  for (const { call, node, event } of lines) {
    if (event === 'effect') effects.set(call, (effects.get(call) ?? 0) + 1);
    if (!deadNodes.has(node)) continue;
    const key = `${node}\n${call}`;
    const entry = openOnDead.get(key) ?? { call, node, open: 0 };
    entry.open += event === 'start' ? 1 : -1;
    openOnDead.set(key, entry);
  }
  return {
    executedTwice: [...effects].filter(([, count]) => count > 1).map(([call]) => call),
    maybeTwice: [...openOnDead.values()]
      .filter(({ open }) => open > 0)
      .map(({ call, node }) => ({ call, node, effects: effects.get(call) ?? 0 })),
  };
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
