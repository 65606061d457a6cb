import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { readResources } from './document/read-resources.js';
import type { Problem } from './problem.js';
import { validate } from './validate/validate.js';

interface Expected {
  readonly line: number;
  readonly severity: string;
  readonly path: string;
  readonly message: string;
  readonly fix: string;
}

/** `#E path ~ words of the message ~ words of the fix` at the end of the line that is wrong; `#W` for a warning. */
const EXPECTED = / #([EW]) (\S*) ~ (.*?) ~ (.*?)(?= #[EW] |$)/g;

function expectedIn(text: string): readonly Expected[] {
  const expected: Expected[] = [];
  for (const [index, line] of text.split('\n').entries()) {
    for (const [, kind, path = '', message = '', fix = ''] of line.matchAll(EXPECTED)) {
      expected.push({ line: index + 1, severity: kind === 'E' ? 'error' : 'warning', path, message, fix });
    }
  }
  return expected;
}

function folder(name: string): readonly (readonly [string, string])[] {
  const url = new URL(`../fixtures/${name}/`, import.meta.url);
  return readdirSync(url).map((file) => [file, readFileSync(new URL(file, url), 'utf8')] as const);
}

function problemsOf(text: string, file: string): readonly Problem[] {
  const { documents, problems } = readResources(text, file);
  return [...problems, ...validate(documents).problems];
}

function fits(problem: Problem, expected: Expected): boolean {
  return (
    problem.line === expected.line &&
    problem.severity === expected.severity &&
    problem.path === expected.path &&
    problem.message.includes(expected.message) &&
    problem.fix.includes(expected.fix)
  );
}

describe('a broken resource', () => {
  const broken = folder('broken');

  it('is one of at least forty', () => {
    expect(broken.length).toBeGreaterThanOrEqual(40);
  });

  it.each(broken)('%s: every mistake is named, by line and path, with the mend', (file, text) => {
    const problems = problemsOf(text, file);
    const expected = expectedIn(text);
    expect(expected.length).toBeGreaterThan(0);
    expect({
      notFound: expected.filter((each) => !problems.some((problem) => fits(problem, each))),
      notExpected: problems.filter((problem) => !expected.some((each) => fits(problem, each))),
    }).toEqual({ notFound: [], notExpected: [] });
    expect(problems.length).toBe(expected.length);
  });
});

describe('a valid resource', () => {
  it.each(folder('valid'))('%s: nothing is said of it, and all of it is read', (file, text) => {
    const { documents, problems } = readResources(text, file);
    const result = validate(documents);
    expect([...problems, ...result.problems]).toEqual([]);
    expect(result.resources.length).toBe(documents.length);
    expect(documents.length).toBeGreaterThan(0);
  });
});
