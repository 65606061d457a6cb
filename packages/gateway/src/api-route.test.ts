import { describe, expect, it } from 'vitest';
import { apiRoute } from './api-route.js';

describe('apiRoute', () => {
  it.each([
    ['/foo', 'foo', 'Foo', 'Foo'],
    ['/foo/bar', 'foo', 'Foo', 'Bar'],
    ['/foo/bar/zool', 'foo', 'Bar', 'Zool'],
    ['/a/b/c/d', 'a.b', 'C', 'D'],
    ['/v1/foo/bar', 'v1.foo', 'Foo', 'Bar'],
    ['/v1/foo', 'v1', 'V1', 'Foo'],
    ['/v1/foo/bar/zool', 'v1.foo', 'Bar', 'Zool'],
    ['/foo/get-all-users', 'foo', 'Foo', 'GetAllUsers'],
    ['//foo//bar/', 'foo', 'Foo', 'Bar'],
  ])('reads %s as %s, %s.%s', (path, service, type, method) => {
    expect(apiRoute(path)).toEqual({ service, type, method });
  });

  it('finds nothing in an empty path', () => {
    expect(apiRoute('/')).toBeUndefined();
  });
});
