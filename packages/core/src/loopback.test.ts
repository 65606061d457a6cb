import { describe, expect, it } from 'vitest';
import { isLoopbackHost, namesLoopback } from './loopback.js';

describe('a host', () => {
  it('is the loopback by name or number, in whatever case', () => {
    for (const host of [
      'localhost',
      'LocalHost',
      '127.0.0.1',
      '127.8.9.1',
      '::1',
      '0:0:0:0:0:0:0:1',
      '::ffff:127.0.0.1',
    ]) {
      expect(isLoopbackHost(host), host).toBe(true);
    }
  });

  it('is not where it is another address, or only looks like one', () => {
    for (const host of [
      '',
      '10.0.0.1',
      '128.0.0.1',
      '127.0.0.999',
      '::',
      'fe80::1',
      '::ffff:10.0.0.1',
      '[::1]',
    ]) {
      expect(isLoopbackHost(host), host).toBe(false);
    }
  });
});

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
