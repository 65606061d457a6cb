import { describe, expect, it } from 'vitest';
import { validate } from '../validate/validate.js';
import { readResources } from './read-resources.js';
import { MAX_CHARACTERS, MAX_TOKENS } from './text-bounds.js';

const HEAD = 'apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: { name: hello }\n';

function messages(text: string): readonly string[] {
  return readResources(text, 'file').problems.map(
    ({ line, column, message }) => `${line}:${column} ${message}`,
  );
}

describe('a text of resources', () => {
  it('may have several documents, empty ones too, and any of them knows where its fields stand', () => {
    const { documents, problems } = readResources(
      `---\n---\n${HEAD}spec:\n  hosts: [a]\n---\n${HEAD}`,
      'file',
    );
    expect(problems).toEqual([]);
    expect(documents.length).toBe(2);
    const [first, second] = documents;
    expect(first?.locate(['spec', 'hosts', 0])).toEqual({ line: 7, column: 11 });
    expect(first?.locate(['spec', 'hosts'])).toEqual({ line: 7, column: 3 });
    // What is not there stands where what it would be in does.
    expect(first?.locate(['spec', 'http', 0, 'match'])).toEqual({ line: 6, column: 1 });
    expect(second?.locate(['metadata', 'name'])).toEqual({ line: 11, column: 13 });
    expect(second?.spec).toEqual({});
  });

  it('may be JSON, and a List of kubectl', () => {
    const item = {
      apiVersion: 'networking.istio.io/v1',
      kind: 'VirtualService',
      metadata: { name: 'a' },
      spec: { hosts: ['a'] },
    };
    const list = JSON.stringify(
      { apiVersion: 'v1', kind: 'List', items: [item, { ...item, metadata: { name: 'b' } }] },
      null,
      1,
    );
    const { documents, problems } = readResources(list, 'file');
    expect(problems).toEqual([]);
    expect(documents.map(({ name }) => name)).toEqual(['a', 'b']);
    expect(documents[1]?.locate(['metadata', 'name']).line).toBe(
      list.split('\n').findIndex((line) => line.includes('"b"')) + 1,
    );
  });

  it('may repeat a value by an alias, and both stand where the first does', () => {
    const { documents, problems } = readResources(`${HEAD}spec:\n  a: &x { b: 1 }\n  c: *x\n`, 'file');
    expect(problems).toEqual([]);
    expect(documents[0]?.spec).toEqual({ a: { b: 1 }, c: { b: 1 } });
    expect(documents[0]?.locate(['spec', 'c', 'b']).line).toBe(5);
  });

  it.each([
    ['a key that is there twice', `${HEAD}spec:\n  hosts: [a]\n  hosts: [b]\n`, '6:3 hosts is there twice'],
    ['a key that is no string', `${HEAD}spec:\n  1: a\n`, '5:3 the key 1 is no string'],
    ['a key that is a list', `${HEAD}spec:\n  ? [a]\n  : b\n`, '5:5 a key is no string'],
    ['__proto__', `${HEAD}spec:\n  __proto__: { a: b }\n`, '5:3 __proto__ is no name of a field'],
    ['a merge key', `${HEAD}spec:\n  <<: { a: b }\n`, '5:3 merge keys (<<) are not read'],
    ['a value that JSON has not', `${HEAD}spec:\n  a: .inf\n`, '5:6 "Infinity" is no value that JSON has'],
    ['an alias within itself', `${HEAD}spec: &a\n  b: *a\n`, '5:6 the alias *a stands for what it is in'],
    ['a list', '- a\n', '1:1 ["a"] is no resource'],
    ['a text', 'hello', '1:1 "hello" is no resource'],
  ])('names %s', (_, text, message) => {
    expect(messages(text)).toContain(message);
  });

  it.each([
    ['an alias that stands for nothing', 'a: *b', 'stands for nothing'],
    ['a bracket that is not closed', 'a: [1', 'YAML'],
    ['a tag that nobody knows', 'a: !secret b', 'Unresolved tag'],
    ['a tab that indents', 'a:\n\tb: 1', 'YAML'],
  ])('names %s', (_, text, word) => {
    expect(messages(text).join()).toContain(word);
  });

  it('is not read beyond its bounds, and says which', () => {
    expect(messages(`a: ${'x'.repeat(MAX_CHARACTERS)}`)[0]).toContain('characters');
    expect(messages('a: 1\n'.repeat(MAX_TOKENS / 4))[0]).toContain('tokens');
    expect(messages('['.repeat(1000))[0]).toContain('nested');
    expect(messages('- '.repeat(1000))[0]).toContain('nested');
    expect(messages(`${' '.repeat(300)}a: 1`)[0]).toContain('nested');
  });

  it('does not grow by aliases of aliases', () => {
    const lines = ['a0: &a0 [x, x, x, x, x, x, x, x, x, x]'];
    for (let level = 1; level < 12; level++) {
      lines.push(`a${level}: &a${level} [${Array.from({ length: 10 }, () => `*a${level - 1}`).join(', ')}]`);
    }
    const started = performance.now();
    expect(messages(lines.join('\n')).join()).toContain('more than 50000 values');
    expect(performance.now() - started).toBeLessThan(3000);
  });

  // What the YAML library alone does with some of these: it ends the process, or takes half a minute.
  it.each([
    ['brackets', '['.repeat(MAX_CHARACTERS)],
    ['braces', '{a: '.repeat(60_000)],
    ['dashes', '- '.repeat(130_000)],
    ['question marks', '? '.repeat(130_000)],
    ['keys in a line', 'a: '.repeat(80_000)],
    ['keys', Array.from({ length: 25_000 }, (_, index) => `k${index}: 1`).join('\n')],
    ['commas', `[${','.repeat(110_000)}`],
    ['closing brackets', '}\n'.repeat(60_000)],
    ['aliases', `[&a 1${',*a'.repeat(50_000)}]`],
    ['quotes', '"'.repeat(MAX_CHARACTERS)],
    ['backslashes', `"${'\\'.repeat(MAX_CHARACTERS - 1)}`],
    ['documents', '---\n'.repeat(50_000)],
    ['tags', '!a '.repeat(60_000)],
    ['spaces', `a:${' '.repeat(MAX_CHARACTERS - 10)}b`],
    ['steps', Array.from({ length: 200 }, (_, index) => `${' '.repeat(index)}a:`).join('\n')],
    ['a folded text', `a: >\n${' x\n'.repeat(80_000)}`],
    ['nulls', '\u0000'.repeat(100_000)],
  ])('ends in time with nothing but %s', (_, text) => {
    const started = performance.now();
    const { documents, problems } = readResources(text, 'file');
    validate(documents);
    expect(problems.length > 0 || documents.length === 0).toBe(true);
    expect(performance.now() - started).toBeLessThan(10_000);
  });
});
