import type { Condition } from './condition.js';
import type { RuleMatch } from './rule-match.js';

/** A condition that must be looked at for each call, with the place of its value among those that were read. */
export interface CallCondition {
  readonly slot: number;
  readonly condition: Condition;
  /** Whether it does not hold where there is no text. */
  readonly needsText: boolean;
}

/** A match that may take a call. */
export interface Candidate {
  readonly match: RuleMatch;
  readonly conditions: readonly CallCondition[];
}

/** Candidates that are looked at after those of the steps before. */
export interface CandidateStep {
  /** All of them want another text, or the same, of one subject: only those of the call's own need be looked at. Undefined: all do. */
  readonly by: CallCondition | undefined;
  /** Without the condition that the step is by. */
  readonly byText: ReadonlyMap<string, readonly Candidate[]>;
  readonly candidates: readonly Candidate[];
}

const NO_TEXTS: ReadonlyMap<string, readonly Candidate[]> = new Map();
/** To look a text up takes as long as to compare it with one or two. */
const MIN_GROUP = 3;

/**
 * Parts candidates into steps, in their order: neighbours that each want a text of their own of one subject (a header, mostly) are looked
 * up by it instead of one by one. The first candidate that takes a call stays the same.
 */
export function stepsOf(candidates: readonly Candidate[]): readonly CandidateStep[] {
  const steps: CandidateStep[] = [];
  let single: Candidate[] = [];
  const endSingle = () => {
    if (single.length > 0) steps.push({ by: undefined, byText: NO_TEXTS, candidates: single });
    single = [];
  };
  for (let at = 0; at < candidates.length; ) {
    const first = candidates[at];
    if (first === undefined) break;
    const group = longestGroup(candidates, at);
    if (group === undefined) {
      single.push(first);
      at++;
      continue;
    }
    endSingle();
    steps.push(group);
    at += group.candidates.length;
  }
  endSingle();
  return steps;
}

/** The longest row of candidates from a place on that can be looked up; undefined: none is long enough. */
function longestGroup(candidates: readonly Candidate[], from: number): CandidateStep | undefined {
  let longest: readonly Candidate[] = [];
  let by: CallCondition | undefined;
  for (const each of candidates[from]?.conditions ?? []) {
    if (!isLookedUp(each)) continue;
    const end = candidates.findIndex((other, at) => at > from && exactAt(other, each.slot) === undefined);
    const row = candidates.slice(from, end < 0 ? candidates.length : end);
    if (row.length <= longest.length) continue;
    longest = row;
    by = each;
  }
  if (by === undefined || longest.length < MIN_GROUP) return undefined;
  const byText = new Map<string, Candidate[]>();
  for (const { match, conditions } of longest) {
    const own = exactAt({ match, conditions }, by.slot);
    const text = own?.condition.exact;
    if (text === undefined) continue;
    const left = { match, conditions: conditions.filter((each) => each !== own) };
    const same = byText.get(text);
    if (same === undefined) byText.set(text, [left]);
    else same.push(left);
  }
  return { by, byText, candidates: longest };
}

function exactAt({ conditions }: Candidate, slot: number): CallCondition | undefined {
  return conditions.find((each) => each.slot === slot && isLookedUp(each));
}

/** Not an empty text: it is looked up for what is not there. */
function isLookedUp({ condition: { exact } }: CallCondition): boolean {
  return exact !== undefined && exact !== '';
}
