import { describe, expect, it } from 'vitest';
import { wokenBelow } from './absent-key.js';

describe('a watch of a key that is not there', () => {
  it('is woken by every write where nothing near is there', () => {
    expect(wokenBelow('none', [])).toBe('');
    expect(wokenBelow('none', ['consul', 'hello'])).toBe('');
  });

  it('is woken only from the branch on that leads to its neighbours', () => {
    expect(wokenBelow('c', ['consul', 'hello'])).toBe('c');
    expect(wokenBelow('hello-x', ['hello', 'hello-y', 'consul'])).toBe('hello-');
    expect(wokenBelow('hello-x', ['hello-y', 'hello-z', 'hint'])).toBe('he');
  });
});
