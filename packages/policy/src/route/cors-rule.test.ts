import { describe, expect, it } from 'vitest';
import { compileCors } from './cors-rule.js';

const ORIGIN = { resource: '', file: '', line: 1, column: 1, path: '', isDefault: false };
const PAGES = ['https://page.example', 'http://localhost:3000', 'null'];

describe('the origins of a corsPolicy', () => {
  it.each([
    ['exact "*": all', [{ exact: '*' }], PAGES],
    ['others beside it: all', [{ exact: PAGES[1] ?? '' }, { exact: '*' }], PAGES],
    ['a pattern that takes the text "*": what it takes', [{ regex: '[^/]*' }], ['null']],
    ['a prefix "*": none that browsers send', [{ prefix: '*' }], []],
    ['an origin: itself', [{ exact: PAGES[0] ?? '' }], [PAGES[0]]],
    ['none: none', [], []],
  ])('are, of %s', (_what, allowOrigins, allowed) => {
    const rule = compileCors({ allowOrigins }, ORIGIN);
    expect(PAGES.filter((page) => rule.allowsOrigin(page))).toEqual(allowed);
  });
});
