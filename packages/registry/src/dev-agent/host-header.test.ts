import { describe, expect, it } from 'vitest';
import { namesLoopback } from './host-header.js';

describe('a Host header', () => {
  it('names the loopback by name or number, with and without a port', () => {
    for (const host of [
      'localhost',
      'LOCALHOST:8555',
      '127.0.0.1:8555',
      '127.1.2.3',
      '[::1]:8555',
      '[::1]',
    ]) {
      expect(namesLoopback(host), host).toBe(true);
    }
  });

  it('does not where a page of another name was made to point here', () => {
    for (const host of [
      undefined,
      '',
      'example.com',
      'localhost.example.com:8555',
      '127.0.0.1.example.com',
      '10.0.0.1',
    ]) {
      expect(namesLoopback(host), host).toBe(false);
    }
  });
});
