import { Lexer } from 'yaml';

/** Characters of one text: half of what Consul's KV takes as one value, whatever their bytes. */
export const MAX_CHARACTERS = 262_144;
/** Tokens of one text: what takes the YAML library about a second at worst. */
export const MAX_TOKENS = 120_000;
/** Brackets within brackets. */
export const MAX_FLOW_DEPTH = 64;
/** The column at which the text of a line begins, its dashes counted: nesting by indentation cannot be deeper. */
export const MAX_INDENT = 200;

const SCALAR_FOLLOWS = '\u001f';

/** Why a text is not read. */
export interface BrokenBound {
  readonly offset: number;
  readonly message: string;
  readonly fix: string;
}

/**
 * Looks at a text before it is parsed. The YAML library works by recursion: a million brackets end the process (V8 runs out of memory
 * for a regular expression that it compiles near the end of the stack), which nobody can catch.
 */
export function findBrokenBound(text: string): BrokenBound | undefined {
  if (text.length > MAX_CHARACTERS) {
    return {
      offset: MAX_CHARACTERS,
      message: `the text has ${text.length} characters`,
      fix: `split it: a file may have ${MAX_CHARACTERS}`,
    };
  }
  let tokens = 0;
  let flowDepth = 0;
  let indent = 0;
  let offset = 0;
  let isScalar = false;
  let isLineStart = true;
  for (const token of new Lexer().lex(text)) {
    if (++tokens > MAX_TOKENS) {
      return { offset, message: `the text has more than ${MAX_TOKENS} tokens`, fix: 'split the file' };
    }
    if (isScalar) {
      isScalar = false;
      isLineStart = false;
    } else if (token === SCALAR_FOLLOWS) {
      isScalar = true;
      continue;
    } else if (isNoText(token)) {
      continue;
    } else if (token === '[' || token === '{') {
      if (++flowDepth > MAX_FLOW_DEPTH) return tooDeep(offset, `${MAX_FLOW_DEPTH} brackets`);
    } else if (token === ']' || token === '}') flowDepth = Math.max(0, flowDepth - 1);
    else if (token === '\n' || token === '\r\n') {
      isLineStart = true;
      indent = 0;
    } else if (isLineStart && flowDepth === 0 && isIndent(token)) {
      indent += token.length;
      if (indent > MAX_INDENT) return tooDeep(offset, `column ${MAX_INDENT}`);
    } else if (token.trim() !== '' && !isIndent(token)) isLineStart = false;
    offset += token.length;
  }
  return undefined;
}

/** The lexer's own marks: a byte order mark, the start of a document, an error. */
function isNoText(token: string): boolean {
  return token === '\u0002' || token === '\u0018';
}

function isIndent(token: string): boolean {
  return token === '-' || token === '?' || token === ':' || /^ +$/.test(token);
}

function tooDeep(offset: number, bound: string): BrokenBound {
  return {
    offset,
    message: `the text is nested beyond ${bound}`,
    fix: 'no resource is: look for a bracket that is not closed',
  };
}
