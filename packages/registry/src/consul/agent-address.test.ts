import { ConfigError } from '@micromesh/core';
import { describe, expect, it } from 'vitest';
import { formatAgentAddress, parseAgentAddress } from './agent-address.js';

describe('parseAgentAddress', () => {
  it.each([
    ['127.0.0.1:8501', '127.0.0.1:8501'],
    ['consul', 'consul:8500'],
    ['http://consul:80/', 'consul:80'],
    ['https://consul:443', 'https://consul:443'],
    ['[::1]', '[::1]:8500'],
    ['https://[fd00::1]:8501', 'https://[fd00::1]:8501'],
    ['unix:///run/consul.sock', 'unix:///run/consul.sock'],
  ])('reads %s', (text, written) => {
    const address = parseAgentAddress(text, 'address', false);
    expect(formatAgentAddress(address)).toBe(written);
    expect(parseAgentAddress(written, 'address', false)).toEqual(address);
  });

  it('takes https for an address without a scheme when told so', () => {
    expect(parseAgentAddress('a:1', 'address', true)).toMatchObject({ secure: true });
    expect(parseAgentAddress('http://a:1', 'address', true)).toMatchObject({ secure: false });
  });

  it.each([
    '',
    ' ',
    'a:b',
    'a:0',
    'a:65536',
    '::1',
    'ftp://a:1',
    'http://a:1/prefix',
    'user@a:1',
    'unix://x',
  ])('refuses %j', (text) => {
    expect(() => parseAgentAddress(text, 'address', false)).toThrow(ConfigError);
  });
});
