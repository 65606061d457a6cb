import { wholeText } from '../patterns/native-pattern.js';
import type { CallCondition, Candidate, CandidateStep } from './candidate-step.js';

/** To look a text up, or to try several conditions together, takes as long as one or two of them. */
const MIN_ROW = 3;
/** How many are tried together, and then how many of these: its root, so that a call that the last of them takes tries few. */
const TOGETHER: readonly number[] = [36, 6];

/**
 * Parts candidates into steps, in their order: neighbours that each want a text of their own of one subject (a header, mostly) are looked
 * up by it instead of one by one; those that each want a pattern, or a header that is there, are tried together first. The first candidate
 * that takes a call stays the same.
 */
export function stepsOf(candidates: readonly Candidate[]): readonly CandidateStep[] {
  return stepsByRow(candidates, textOrPatternRow, (others) => stepsByRow(others, headerRow, oneByOne));
}

type Candidates = readonly Candidate[];
type Steps = readonly CandidateStep[];

/** Neighbours, and the steps that they make. */
interface Row {
  readonly length: number;
  readonly steps: Steps;
}

/** The steps of all rows, and of what lies between them; `rowAt` gives undefined where no row begins. */
function stepsByRow(
  candidates: Candidates,
  rowAt: (candidates: Candidates, at: number) => Row | undefined,
  stepsOfOthers: (others: Candidates) => Steps,
): Steps {
  const steps: CandidateStep[] = [];
  let othersFrom = 0;
  const endOthers = (end: number) => {
    if (othersFrom < end) steps.push(...stepsOfOthers(candidates.slice(othersFrom, end)));
  };
  for (let at = 0; at < candidates.length; ) {
    const row = rowAt(candidates, at);
    if (row === undefined) {
      at++;
      continue;
    }
    endOthers(at);
    steps.push(...row.steps);
    at += row.length;
    othersFrom = at;
  }
  endOthers(candidates.length);
  return steps;
}

function oneByOne(candidates: Candidates): Steps {
  return [{ kind: 'each', candidates }];
}

function textOrPatternRow(candidates: Candidates, at: number): Row | undefined {
  const texts = longestRow(candidates, at, wantsText);
  const patterns = longestRow(candidates, at, wantsPattern);
  const { by, row } = texts.row.length < patterns.row.length ? patterns : texts;
  if (by === undefined || row.length < MIN_ROW) return undefined;
  const steps = wantsText(by)
    ? [stepByText(by, row)]
    : together(row, (part, inner) => stepByPattern(by, part, inner));
  return { length: row.length, steps };
}

function headerRow(candidates: Candidates, at: number): Row | undefined {
  const row = whileEach(candidates, at, (each) => headerOf(each) !== undefined);
  return row.length < MIN_ROW ? undefined : { length: row.length, steps: together(row, stepByHeader) };
}

/** Parts of a row, each behind a step that tries its conditions together, and smaller parts in it. */
function together(
  row: Candidates,
  stepOf: (part: Candidates, inner: Steps) => CandidateStep,
  [size, ...smaller] = TOGETHER,
): Steps {
  if (size === undefined || row.length < MIN_ROW) return oneByOne(row);
  if (row.length <= (smaller[0] ?? 0)) return together(row, stepOf, smaller);
  return Array.from({ length: Math.ceil(row.length / size) }, (_, index) => {
    const part = row.slice(index * size, (index + 1) * size);
    return stepOf(part, together(part, stepOf, smaller));
  });
}

/** Whether candidates can be found by such a condition. */
type Wants = (each: CallCondition) => boolean;

/** Not an empty text: it is looked up for what is not there. */
const wantsText: Wants = ({ condition: { exact } }) => exact !== undefined && exact !== '';
const wantsPattern: Wants = ({ condition: { native } }) => native !== undefined;

/** The longest row from a place on of candidates that each have such a condition of the same subject; `by`: the first one's. */
function longestRow(
  candidates: Candidates,
  from: number,
  wants: Wants,
): { readonly by: CallCondition | undefined; readonly row: Candidates } {
  let longest: Candidates = [];
  let by: CallCondition | undefined;
  for (const each of candidates[from]?.conditions ?? []) {
    if (!wants(each)) continue;
    const row = whileEach(candidates, from, (other) => conditionAt(other, each.slot, wants) !== undefined);
    if (row.length <= longest.length) continue;
    longest = row;
    by = each;
  }
  return { by, row: longest };
}

function whileEach(candidates: Candidates, from: number, holds: (each: Candidate) => boolean): Candidates {
  const end = candidates.findIndex((each, at) => at >= from && !holds(each));
  return candidates.slice(from, end < 0 ? candidates.length : end);
}

function conditionAt({ conditions }: Candidate, slot: number, wants: Wants): CallCondition | undefined {
  return conditions.find((each) => each.slot === slot && wants(each));
}

function stepByText(by: CallCondition, row: Candidates): CandidateStep {
  const byText = new Map<string, Candidate[]>();
  for (const candidate of row) {
    const own = conditionAt(candidate, by.slot, wantsText);
    const text = own?.condition.exact;
    if (text === undefined) continue;
    const left = { match: candidate.match, conditions: candidate.conditions.filter((each) => each !== own) };
    const same = byText.get(text);
    if (same === undefined) byText.set(text, [left]);
    else same.push(left);
  }
  return { kind: 'byText', by, byText };
}

function stepByPattern(by: CallCondition, row: Candidates, steps: Steps): CandidateStep {
  const sources = row.flatMap((each) => conditionAt(each, by.slot, wantsPattern)?.condition.native ?? []);
  return { kind: 'byPattern', by, anyPattern: wholeText(...sources), steps };
}

function stepByHeader(row: Candidates, steps: Steps): CandidateStep {
  return { kind: 'byHeader', headers: new Set(row.flatMap((each) => headerOf(each) ?? [])), steps };
}

/** The name of a header that must be there. */
function headerOf({ conditions }: Candidate): string | undefined {
  const own = conditions.find(({ needsText, condition }) => needsText && condition.subject.kind === 'header');
  return own?.condition.subject.name;
}
