import { describe, expect, it } from 'vitest';
import { HttpRequest, splitHost } from './http-request.js';

function request(url: string, headers: Record<string, string> = {}): HttpRequest {
  return new HttpRequest({ method: 'GET', url, headers });
}

describe('a request, as rules see it', () => {
  it('has its path with single slashes, and all after the first question mark as its query', () => {
    const { path, query } = request('//a///b/?x=//&y=?');
    expect([path, query]).toEqual(['/a/b/', 'x=//&y=?']);
    expect(request('/a').query).toBe('');
  });

  it.each([
    ['API.example.com', 'api.example.com', 80],
    ['a:8080', 'a', 8080],
    ['[::1]:8080', '[::1]', 8080],
    ['[::1]', '[::1]', 80],
    ['10.0.0.1:1', '10.0.0.1', 1],
    ['a:b:c', 'a:b:c', 80],
    // The same name, written in another way: the rules for it must not be got around.
    ['a:', 'a', 80],
    ['a.', 'a', 80],
    ['a.b.:8080', 'a.b', 8080],
  ])('of the Host %s has the authority %s and the port %i', (host, authority, port) => {
    expect(request('/', { host })).toMatchObject({ authority, port, host });
  });

  it('without a Host has an empty authority', () => {
    expect(request('/')).toMatchObject({ authority: '', port: 80, scheme: 'http', verb: 'GET' });
    expect(splitHost('')).toEqual({ name: '', port: undefined });
  });

  it('has no header that only its object has', () => {
    const asked = request('/', { 'x-a': '1' });
    expect([asked.header('x-a'), asked.header('x-b'), asked.header('constructor')]).toEqual([
      '1',
      undefined,
      undefined,
    ]);
    expect(asked.hasAnyHeader(new Set(['x-b', 'x-a']))).toBe(true);
    expect(asked.hasAnyHeader(new Set(['x-b']))).toBe(false);
  });
});
