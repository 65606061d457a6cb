import type { AttemptInterceptor, NodeCall } from 'micromesh';
import { type SeenPolicies, seenBy } from './reload-policies.js';

const MAX_TOLD = 10;

/** Looks whether each call goes by one version of the policies from its beginning to its end, in all its parts. */
export class VersionLedger {
  /** Calls whose attempts, or parts, were of two versions. */
  mixed = 0;
  /** Calls that went by no policies. */
  without = 0;
  /** Calls with more than one attempt: what they could mix shows in them. */
  retried = 0;
  /** What was mixed, in words; at most ten. */
  readonly words: string[] = [];
  readonly #numbers = new Map<string, number>();
  readonly #first = new WeakMap<NodeCall['call'], SeenPolicies>();

  /** Looks at every attempt of a client. */
  readonly interceptor: AttemptInterceptor = (next) => (attempt) => {
    this.look(attempt);
    return next(attempt);
  };

  /** Versions that calls have gone by. */
  get followed(): number {
    return this.#numbers.size;
  }

  /** Looks at an attempt that begins. */
  look(attempt: NodeCall): void {
    const seen = seenBy(attempt);
    if (attempt.attempt === 2) this.retried++;
    if (seen === undefined) {
      this.without++;
      return;
    }
    const first = this.#first.get(attempt.call);
    if (first === undefined) this.#first.set(attempt.call, seen);
    const { version, number } = seen;
    const known = this.#numbers.get(version) ?? number;
    this.#numbers.set(version, known);
    const strange = [
      ...seen.strange,
      ...(known === number ? [] : [`version ${version} is number ${known} and ${number}`]),
      ...(first === undefined || first.version === version
        ? []
        : [`attempt ${attempt.attempt} goes by version ${version}, the first by ${first.version}`]),
    ];
    if (strange.length === 0) return;
    this.mixed++;
    if (this.words.length < MAX_TOLD) this.words.push(strange.join(', '));
  }
}
