import fc from 'fast-check';
import { RE2JS } from 're2js';
import { describe, expect, it } from 'vitest';
import { nativeSource, wholeText } from './native-pattern.js';
import { compileRewrite, groupProblem, readPattern } from './text-pattern.js';

function matches(source: string, text: string): boolean {
  const read = readPattern(source);
  if (read.kind === 'invalid') throw new Error(read.message);
  return read.pattern.matches(text);
}

describe('a pattern', () => {
  it.each([
    ['/hello\\.v1\\.Hello/.*', '/hello.v1.Hello/Anything', true],
    ['/hello\\.v1\\.Hello/.*', '/hello2v1.Hello/Anything', false],
    ['Hello', '/hello.v1.Hello/Hello', false],
    ['(?i)hello', 'HELLO', true],
    ['(a|b)c', 'bc', true],
    ['a|bc', 'bc', true],
    ['^a|b$', 'ax', false],
    ['u-[0-9]+', 'u-17', true],
    ['.', '\r', true],
    ['.', '\n', false],
    ['\\w', 'é', false],
    ['a{2,3}', 'aaa', true],
  ])('%s and %j: %s', (source, text, expected) => {
    expect(matches(source, text)).toBe(expected);
  });

  it.each([
    ['(?=a)b', 'lookaround'],
    ['a(?!b)', 'lookaround'],
    ['(a)\\1', 'backreferences'],
    ['[', "RE2's syntax"],
    ['*', '.*'],
    ['a{1001}', "RE2's syntax"],
    ['a'.repeat(1025), 'at most'],
  ])('%s is refused, with what to write instead', (source, word) => {
    const read = readPattern(source);
    expect(read).toMatchObject({ kind: 'invalid', fix: expect.stringContaining(word) });
  });

  it.each(['(a+)+$', '(x+x+)+y', '(.*a){10}', '(a|a)*b'])('%s is not slow with any text', (source) => {
    const started = performance.now();
    matches(source, `${'ax'.repeat(4000)}!`);
    expect(performance.now() - started).toBeLessThan(2000);
  });

  it('is not native where it may be gone through in too many ways', () => {
    expect(nativeSource(`(a|b)${'c?'.repeat(5)}`)).toBeDefined();
    expect(nativeSource('a?'.repeat(7) + 'a'.repeat(7))).toBeUndefined();
    expect(nativeSource('(a|ab)(c|bcd)(d|e)(a|b)(a|b)(a|b)(a|b)')).toBeUndefined();
    const source = 'a?'.repeat(30) + 'a'.repeat(30);
    const started = performance.now();
    expect(matches(source, 'a'.repeat(30))).toBe(true);
    expect(performance.now() - started).toBeLessThan(2000);
  });

  it('is tried together with others as each is alone', () => {
    const part = fc.constantFrom('a', 'b', 'a|c', '[b-d]', 'ab?', 'b+', '.', 'a(b|c)', '.*c', '');
    const text = fc.string({ unit: fc.constantFrom('a', 'b', 'c', 'd'), maxLength: 4 });
    fc.assert(
      fc.property(fc.array(part, { minLength: 1, maxLength: 8 }), text, (parts, given) => {
        const sources = parts.flatMap((each) => nativeSource(each) ?? []);
        expect(sources).toHaveLength(parts.length);
        expect(wholeText(...sources).test(given)).toBe(sources.some((each) => wholeText(each).test(given)));
      }),
    );
  });

  it('is native only where it takes the same texts as RE2', () => {
    const atoms = fc.constantFrom(
      ...[
        'a',
        'b',
        '\\.',
        '.',
        '\\d',
        '\\w',
        '[a-c]',
        '[a-c_.]',
        '[ab-]',
        '/',
        '-',
        '(',
        ')',
        '|',
        '^',
        '$',
        '\\$',
        '[^a]',
        '\\s',
        'é',
        '{',
        '}',
        '{2}',
        '?',
      ],
    );
    const pieces = fc.array(fc.tuple(atoms, fc.constantFrom('', '', '', '*', '+', '?')), { maxLength: 6 });
    const texts = fc.array(
      fc.constantFrom('a', 'b', 'c', '.', '1', '/', '-', '_', '$', '\n', '\r', '\u2028', 'é', '😀'),
      { maxLength: 6 },
    );
    let native = 0;
    fc.assert(
      fc.property(pieces, fc.array(texts, { minLength: 5, maxLength: 5 }), (parts, candidates) => {
        const source = parts.map(([atom, quantifier]) => atom + quantifier).join('');
        const readable = nativeSource(source);
        if (readable === undefined) return;
        const compiled = wholeText(readable);
        native++;
        const reference = RE2JS.compile(source);
        for (const characters of candidates) {
          const text = characters.join('');
          expect([source, text, compiled.test(text)]).toEqual([source, text, reference.testExact(text)]);
        }
      }),
      { numRuns: 2000 },
    );
    expect(native).toBeGreaterThan(100);
  });
});

describe('a rewrite', () => {
  it.each([
    ['/v1/(.*)', '/v2/\\1', '/v1/Hello', '/v2/Hello'],
    ['a', '$1', 'banana', 'b$1n$1n$1'],
    ['(a)(b)', '\\2\\1', 'ab', 'ba'],
    ['(a)', '\\10', 'a', 'a0'],
    ['a', '\\\\', 'a', '\\'],
    ['(x)', '[\\0]', 'x', '[x]'],
  ])('of %s by %s makes of %s %s', (pattern, replacement, text, expected) => {
    expect(compileRewrite(pattern, replacement)(text)).toBe(expected);
  });

  it('names a group that is not there', () => {
    expect(groupProblem('(a)', '\\1')).toBeUndefined();
    expect(groupProblem('(a)', '\\\\2')).toBeUndefined();
    expect(groupProblem('(a)', '\\2')).toContain('\\2');
    expect(groupProblem('(a)', '\\x')).toContain('nothing');
    expect(groupProblem('(a)', 'a\\')).toContain('nothing');
  });
});
