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
export type CandidateStep =
  /** One by one. */
  | { readonly kind: 'each'; readonly candidates: readonly Candidate[] }
  /** Each wants one text of the same subject: those of the call's own are looked up, without that condition. */
  | {
      readonly kind: 'byText';
      readonly by: CallCondition;
      readonly byText: ReadonlyMap<string, readonly Candidate[]>;
    }
  /** Each wants a pattern of the same subject: none of them need be looked at where none of the patterns takes it. */
  | {
      readonly kind: 'byPattern';
      readonly by: CallCondition;
      readonly anyPattern: RegExp;
      readonly steps: readonly CandidateStep[];
    }
  /** Each wants a header to be there: none of them need be looked at where none of the headers is. */
  | {
      readonly kind: 'byHeader';
      readonly headers: ReadonlySet<string>;
      readonly steps: readonly CandidateStep[];
    };
