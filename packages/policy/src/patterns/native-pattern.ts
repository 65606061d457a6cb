/**
 * The source of a native regular expression that takes exactly the texts that RE2 takes with this pattern, in time linear in the text;
 * undefined where that is not plain to see. RE2 in JavaScript costs a microsecond a match, native code a tenth of it.
 *
 * Taken are literals, escaped punctuation, `.`, `\d`, `\w`, sets of letters, digits, `_`, `-` and `.`, groups of alternatives, `?`,
 * and one `*` or `+`: a second one could go over the text again for each character that the first has taken. What is left to choose between
 * alternatives, and at each `?`, may all be tried: it comes to {@link MAX_CHOICES} ways at most.
 */
export function nativeSource(pattern: string): string | undefined {
  let source = '';
  let unbounded = 0;
  const groups = [1];
  let choices = 1;
  const anchored = pattern.replace(/^\^/, '');
  const inner = anchored.endsWith('$') && !anchored.endsWith('\\$') ? anchored.slice(0, -1) : anchored;
  for (let at = 0; at < inner.length; ) {
    const atom = ATOM.exec(inner.slice(at));
    if (atom === null) return undefined;
    const [text, written = '', quantifier = '', structure = ''] = atom;
    if (quantifier === '*' || quantifier === '+') unbounded++;
    if (quantifier === '?') choices *= 2;
    if (structure === '(') groups.push(1);
    if (structure === '|') groups.push((groups.pop() ?? 1) + 1);
    if (structure === ')') choices *= groups.pop() ?? 1;
    source += `${written === '.' ? ANY_CHARACTER : written}${quantifier}${structure === '(' ? '(?:' : structure}`;
    at += text.length;
  }
  // An anchor beside alternatives belongs to one of them.
  if (inner !== pattern && inner.includes('|')) return undefined;
  if (unbounded > 1 || !isBalanced(inner)) return undefined;
  if (choices * (groups[0] ?? 1) > MAX_CHOICES) return undefined;
  return source;
}

/** Takes the whole texts that one of the sources takes, each a {@link nativeSource}; in time linear in the text still. */
export function wholeText(...sources: readonly string[]): RegExp {
  return new RegExp(`^(?:${sources.map((source) => `(?:${source})`).join('|')})$`, 'u');
}

/** Ways through a pattern; more would be tried one after the other, RE2 goes them all at once. */
const MAX_CHOICES = 64;

// RE2's dot takes all but a line feed; JavaScript's leaves out three more.
const ANY_CHARACTER = '[^\\n]';

const ATOM =
  /^(?:([A-Za-z0-9_/:@,;=&%#~ <>"'!-]|\\[./^$*+?()[\]{}|]|\\[dw]|\.|\[(?:[A-Za-z0-9](?:-[A-Za-z0-9])?|[_.])+-?\])([*+?]?)(?![*+?{])|([()|])(?![*+?{]))/;

function isBalanced(pattern: string): boolean {
  let depth = 0;
  for (let at = 0; at < pattern.length; at++) {
    const character = pattern[at];
    if (character === '\\') at++;
    else if (character === '(') depth++;
    else if (character === ')' && --depth < 0) return false;
  }
  return depth === 0;
}
