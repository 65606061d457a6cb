import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatAddress, parseAddress } from './address.js';

describe('an address', () => {
  it('is written and read one way', () => {
    for (const text of ['127.0.0.1:80', '[::1]:8080', 'hello.local:1', 'unix:/run/hello.sock']) {
      expect(formatAddress(parseAddress(text))).toBe(text);
    }
  });

  it('that is none is refused with its field, value and form', () => {
    for (const text of [
      '',
      'localhost',
      '127.0.0.1:',
      '127.0.0.1:65536',
      '::1:80',
      'unix:',
      '127.0.0.1:80x',
      'user=127.0.0.1:80',
      'a b:1',
    ]) {
      expect(() => parseAddress(text, 'listen')).toThrow(
        `listen: ${JSON.stringify(text)} is no address; write host:port`,
      );
    }
  });

  it('never crashes the reader', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        try {
          expect(formatAddress(parseAddress(text)).toLowerCase()).toBeDefined();
        } catch (error) {
          expect((error as Error).name).toBe('ConfigError');
        }
      }),
    );
  });
});
