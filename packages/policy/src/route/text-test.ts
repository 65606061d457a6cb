import { readPattern } from '../patterns/text-pattern.js';
import type { StringMatch } from '../schema/virtual-service/string-match.js';

/** What a text has to be. */
export interface TextTest {
  /** `undefined`: there is none. */
  holds(text: string | undefined): boolean;
  /** `prefix "a"`, for `wants ...`. */
  readonly wants: string;
  /** Whether nothing holds but a text that is there. */
  readonly needsText?: boolean;
  /** The only text that holds; undefined: others do, too. */
  readonly exact?: string | undefined;
  /** Of a pattern that can be tried together with others. */
  readonly native?: string | undefined;
}

/** How a {@link StringMatch} is read where it stands. */
export interface TextTestOptions {
  /** Whether `exact` and `prefix` take any case; default false. */
  readonly anyCase?: boolean;
  /** Whether it is the text that must not be, as in `withoutHeaders`; default false. */
  readonly inverted?: boolean;
}

/** Whether only that a text is there counts: `{}`, and Istio's pattern `*`. */
export function isPresenceMatch({ exact, prefix, regex }: StringMatch): boolean {
  return exact === undefined && prefix === undefined && (regex === undefined || regex === '*');
}

/**
 * Compiles one comparison. Inverted, a text that is not there counts as empty, unless its presence is what is compared (Envoy's
 * `treat_missing_header_as_empty`).
 */
export function compileTextTest(match: StringMatch, options: TextTestOptions = {}): TextTest {
  const { anyCase = false, inverted = false } = options;
  if (isPresenceMatch(match)) {
    return inverted
      ? { holds: (text) => text === undefined, wants: 'none' }
      : { holds: (text) => text !== undefined, wants: 'any value', needsText: true };
  }
  const { takes, wants, native } = comparison(match, anyCase);
  return inverted
    ? { holds: (text) => !takes(text ?? ''), wants: `not ${wants}` }
    : {
        holds: (text) => text !== undefined && takes(text),
        wants,
        needsText: true,
        exact: anyCase ? undefined : match.exact,
        native,
      };
}

interface Comparison {
  readonly takes: (text: string) => boolean;
  readonly wants: string;
  readonly native?: string | undefined;
}

function comparison({ exact, prefix, regex }: StringMatch, anyCase: boolean): Comparison {
  const inAnyCase = anyCase ? ' in any case' : '';
  if (exact !== undefined) {
    const lower = exact.toLowerCase();
    const takes = anyCase ? (text: string) => text.toLowerCase() === lower : (text: string) => text === exact;
    return { takes, wants: `${JSON.stringify(exact)}${inAnyCase}` };
  }
  if (prefix !== undefined) {
    const lower = prefix.toLowerCase();
    const takes = anyCase
      ? (text: string) => text.toLowerCase().startsWith(lower)
      : (text: string) => text.startsWith(prefix);
    return { takes, wants: `prefix ${JSON.stringify(prefix)}${inAnyCase}` };
  }
  const read = readPattern(regex ?? '');
  // Validation has refused every pattern that cannot be read; one that slips through takes nothing.
  const wants = `pattern ${JSON.stringify(regex)}`;
  if (read.kind === 'invalid') return { takes: () => false, wants };
  const { matches, native } = read.pattern;
  return { takes: matches, wants, native };
}
