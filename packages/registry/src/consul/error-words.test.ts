import { describe, expect, it } from 'vitest';
import { errorWords } from './error-words.js';

describe('errorWords', () => {
  it('says what each address answered where Node says nothing', () => {
    const errors = [new Error('connect ECONNREFUSED ::1:1'), new Error('connect ECONNREFUSED 127.0.0.1:1')];
    expect(errorWords(new AggregateError(errors))).toBe(
      'connect ECONNREFUSED ::1:1; connect ECONNREFUSED 127.0.0.1:1',
    );
  });

  it('has words for an error without a message, and for what is no error', () => {
    expect(errorWords(Object.assign(new Error(''), { code: 'EPIPE' }))).toBe('EPIPE');
    expect(errorWords(new TypeError(''))).toBe('TypeError');
    expect(errorWords('text')).toBe('text');
  });
});
