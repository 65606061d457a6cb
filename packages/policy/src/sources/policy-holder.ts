import { events, type Logger, messageOf } from '@micromesh/core';
import { formatProblem, type Problem } from '../problem.js';
import type { Resource } from '../validate/resource.js';
import { validate } from '../validate/validate.js';
import { listedFirst } from './listed-first.js';
import type { GoodPolicies, PolicySource, PolicyWord } from './policy-source.js';
import { hasErrors } from './read-policies.js';

/** The policies that are in force, of all sources together. Never changed: another version is another object. */
export interface PoliciesInForce {
  /** That of the source; of several, all of theirs: `3f9a1c20b7de+7`. Empty before any source has said something good. */
  readonly version: string;
  /** Those that have said something good. */
  readonly sources: readonly { readonly source: string; readonly version: string }[];
  readonly resources: readonly Resource[];
}

const NONE: PoliciesInForce = { version: '', sources: [], resources: [] };
/** Problems that an event or a line in the log names. */
const MAX_TOLD = 20;

interface Held {
  readonly source: PolicySource;
  /** What it said last that could be applied by itself. */
  latest: GoodPolicies | undefined;
  /** What of it is in force. */
  accepted: GoodPolicies | undefined;
  hasSpoken: boolean;
  isFailing: boolean;
}

interface Joined {
  readonly resources: readonly Resource[];
  readonly problems: readonly Problem[];
}

/**
 * Joins the policies of several sources. What is bad, by itself or beside what others say, is refused and told; what was in force before it stays.
 */
export class PolicyHolder {
  readonly #held: readonly Held[];
  readonly #logger: Logger;
  readonly #listeners = new Set<(policies: PoliciesInForce) => void>();
  readonly #forget: readonly (() => void)[];
  #current = NONE;
  #closed = false;
  #waiting: (() => void)[] = [];

  /** @param sources - opened; the holder closes them. */
  constructor(sources: readonly PolicySource[], { logger }: { readonly logger: Logger }) {
    this.#logger = logger;
    this.#held = sources.map((source) => ({
      source,
      latest: undefined,
      accepted: undefined,
      hasSpoken: false,
      isFailing: false,
    }));
    this.#forget = this.#held.map((held) => held.source.watch((word) => this.#onWord(held, word)));
  }

  /** What is in force now: one reference, replaced as a whole. */
  get current(): PoliciesInForce {
    return this.#current;
  }

  /** Resolves when every source has said something, be it that it cannot be asked, or the holder is closed. Never rejects. */
  async ready(): Promise<void> {
    if (this.#isReady || this.#closed) return;
    await new Promise<void>((resolve) => {
      this.#waiting.push(resolve);
    });
  }

  /** Calls `listener` with each later version that is in force, until the returned function is called. */
  subscribe(listener: (policies: PoliciesInForce) => void): () => void {
    const own = (policies: PoliciesInForce) => listener(policies);
    this.#listeners.add(own);
    return () => {
      this.#listeners.delete(own);
    };
  }

  /** Closes all sources; what is in force stays as it is. */
  close(): void {
    this.#closed = true;
    for (const forget of this.#forget) forget();
    for (const { source } of this.#held) source.close();
    this.#listeners.clear();
    this.#wake();
  }

  get #isReady(): boolean {
    return this.#held.every(({ hasSpoken }) => hasSpoken);
  }

  #onWord(held: Held, word: PolicyWord): void {
    this.#tellHealth(held, word);
    if (word.kind === 'bad') this.#refuse(held, word.version, word.problems);
    if (word.kind === 'good' && word !== held.latest) {
      held.latest = word;
      this.#join(held, word);
    }
    held.hasSpoken = true;
    // `watch` tells at once what is known: then not all are held yet.
    if (this.#isReady) this.#wake();
  }

  /** All of the newest, else what is in force with this one alone, else nothing new. */
  #join(held: Held, word: GoodPolicies): void {
    const newest = join(this.#held.map(({ latest }) => latest));
    if (!hasErrors(newest.problems)) {
      for (const each of this.#held) each.accepted = each.latest;
      this.#become(newest);
      return;
    }
    const others = this.#held.map((each) => (each === held ? word : each.accepted));
    const isSame = this.#held.every((each, at) => others[at] === each.latest);
    const withOthers = isSame ? newest : join(others);
    if (hasErrors(withOthers.problems)) {
      this.#refuse(held, word.version, withOthers.problems);
      return;
    }
    held.accepted = word;
    this.#become(withOthers);
  }

  #become({ resources, problems }: Joined): void {
    const sources = this.#held.flatMap(({ source, accepted }) =>
      accepted === undefined ? [] : [{ source: source.description, version: accepted.version }],
    );
    const version = sources.map((each) => each.version).join('+');
    const had = this.#current.resources.length;
    this.#current = { version, sources, resources };
    this.#tellApplied(problems);
    if (had > 0 && resources.length === 0) {
      this.#logger.warn({ version, had }, 'no policies are in force any more: all resources have gone');
    }
    for (const listener of [...this.#listeners]) {
      try {
        listener(this.#current);
      } catch (error) {
        this.#logger.error({ version, error: messageOf(error) }, 'a listener of policies threw');
      }
    }
  }

  #tellApplied(problems: readonly Problem[]): void {
    const { version, sources, resources } = this.#current;
    const counts: Record<string, number> = {};
    for (const { kind } of resources) counts[kind] = (counts[kind] ?? 0) + 1;
    const warnings = linesOf(problems);
    this.#logger.info(
      { version, resources: counts, ...(warnings.length === 0 ? {} : { warnings }) },
      'policies are in force',
    );
    if (!events.policy.heard) return;
    events.policy.publish({ state: 'applied', version, sources, resources: counts, warnings });
  }

  #refuse({ source }: Held, version: string, problems: readonly Problem[]): void {
    const errors = problems.filter(({ severity }) => severity === 'error');
    const lines = linesOf(errors);
    const { description } = source;
    this.#logger.warn(
      {
        source: description,
        version,
        inForce: this.#current.version,
        problemCount: errors.length,
        problems: lines,
      },
      `policies are refused; ${this.#stays}`,
    );
    if (!events.policy.heard) return;
    events.policy.publish({
      state: 'refused',
      source: description,
      version,
      problemCount: errors.length,
      problems: lines,
    });
  }

  get #stays(): string {
    return this.#current === NONE
      ? 'none are in force, and calls go without them'
      : 'what was in force stays';
  }

  #tellHealth(held: Held, word: PolicyWord): void {
    const isFailing = word.kind === 'unknown';
    if (isFailing === held.isFailing) return;
    held.isFailing = isFailing;
    const state = isFailing ? 'failing' : 'recovered';
    const error = isFailing ? word.error : '';
    const source = held.source.description;
    if (isFailing) {
      this.#logger.warn({ source, error }, `a source of policies cannot be asked; ${this.#stays}`);
    } else this.#logger.info({ source }, 'a source of policies can be asked again');
    if (events.policy.heard) events.policy.publish({ state, source, error });
  }

  #wake(): void {
    for (const wake of this.#waiting.splice(0)) wake();
  }
}

/** Those of several sources are looked at together; where two say something of one thing, the source that is listed first counts. */
function join(words: readonly (GoodPolicies | undefined)[]): Joined {
  const good = words.filter((word) => word !== undefined);
  const [only] = good;
  if (only !== undefined && good.length === 1) return only;
  const first = listedFirst(good);
  const { resources, problems } = validate(first.resources.map(({ document }) => document));
  return { resources, problems: [...first.problems, ...problems] };
}

function linesOf(problems: readonly Problem[]): readonly string[] {
  return problems.slice(0, MAX_TOLD).map(formatProblem);
}
