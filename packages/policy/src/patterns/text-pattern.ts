import { messageOf } from '@micromesh/core';
import { RE2JS } from 're2js';
import { nativeSource, wholeText } from './native-pattern.js';

/** Longer ones are refused: compiling them blocks the process. */
export const MAX_PATTERN_LENGTH = 1024;

/** A regular expression of a resource: RE2's syntax, and RE2's promise that no text makes it slow. */
export interface TextPattern {
  /** Whether the whole text is taken, as Envoy has it. */
  matches(text: string): boolean;
  /** By which it can be tried together with others, {@link wholeText}; undefined: alone only. */
  readonly native: string | undefined;
}

/** A pattern, or why it is none. */
export type ReadPattern =
  | { readonly kind: 'pattern'; readonly pattern: TextPattern }
  | { readonly kind: 'invalid'; readonly message: string; readonly fix: string };

/** Reads a regular expression; never throws. */
export function readPattern(source: string): ReadPattern {
  if (source.length > MAX_PATTERN_LENGTH) {
    return {
      kind: 'invalid',
      message: `the pattern has ${source.length} characters`,
      fix: `give at most ${MAX_PATTERN_LENGTH}, or several matches`,
    };
  }
  try {
    const compiled = RE2JS.compile(source);
    const native = nativeSource(source);
    return { kind: 'pattern', pattern: { matches: matcherOf(compiled, native), native } };
  } catch (error) {
    return {
      kind: 'invalid',
      message: `RE2 does not take ${JSON.stringify(source)}: ${reason(error)}`,
      fix: fixFor(source),
    };
  }
}

/**
 * The text with each match of `pattern` replaced, as Envoy's `uriRegexRewrite` does; `\1` stands for the first group.
 *
 * @throws Error when the pattern is none, or the replacement names a group that it has not: {@link readPattern} and
 * {@link groupProblem} say so before.
 */
export function compileRewrite(pattern: string, replacement: string): (text: string) => string {
  const compiled = RE2JS.compile(pattern);
  return (text) => {
    const matcher = compiled.matcher(text);
    let result = '';
    let end = 0;
    while (matcher.find()) {
      result += text.slice(end, matcher.start());
      result += replacement.replace(/\\([\d\\])/gu, (_, character: string) =>
        character === '\\' ? '\\' : (matcher.group(Number(character)) ?? ''),
      );
      end = matcher.end();
    }
    return result + text.slice(end);
  };
}

/** Why a replacement cannot be: it names a group that the pattern has not; undefined when it can. */
export function groupProblem(pattern: string, replacement: string): string | undefined {
  const groups = RE2JS.compile(pattern).groupCount();
  for (const [written, character = ''] of replacement.matchAll(/\\(.?)/gsu)) {
    if (character === '\\') continue;
    if (!/^\d$/.test(character)) return `${JSON.stringify(written)} stands for nothing`;
    if (Number(character) > groups) return `${written} names a group, and the pattern has ${groups}`;
  }
  return undefined;
}

function matcherOf(compiled: RE2JS, native: string | undefined): (text: string) => boolean {
  if (native === undefined) return (text) => compiled.testExact(text);
  const whole = wholeText(native);
  return (text) => whole.test(text);
}

function reason(error: unknown): string {
  return messageOf(error).replace(/^error parsing regexp: /, '');
}

function fixFor(source: string): string {
  if (/\(\?<?[=!]/.test(source))
    return 'RE2 has no lookaround: use withoutHeaders, or a rule before this one';
  if (/\\[1-9]/.test(source)) return 'RE2 has no backreferences: write the text out';
  if (source === '*') return 'write .* for any text, or {} in headers for presence';
  return "write it in RE2's syntax";
}
