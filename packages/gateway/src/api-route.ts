/** What a path means by go-micro's rule. */
export interface ApiRoute {
  /** The registry's name of the service, without namespace: `user`, `v1.foo`. */
  readonly service: string;
  /** The last part of the proto service's name: `User`. */
  readonly type: string;
  /** `Test` */
  readonly method: string;
}

/**
 * Reads a path by go-micro's rule (its API gateway's `apiRoute`):
 *
 * | path | service | method |
 * |---|---|---|
 * | `/foo` | foo | Foo.Foo |
 * | `/foo/bar` | foo | Foo.Bar |
 * | `/foo/bar/zool` | foo | Bar.Zool |
 * | `/a/b/c/d` | a.b | C.D |
 * | `/v1/foo/bar` | v1.foo | Foo.Bar |
 */
export function apiRoute(path: string): ApiRoute | undefined {
  const parts = path.split('/').filter((part) => part !== '');
  const method = parts.at(-1);
  if (method === undefined) return undefined;
  const type = parts.at(-2) ?? method;
  const versioned = parts.length === 3 && /^v\d+$/.test(parts[0] ?? '');
  const service = parts.length <= 2 ? [parts[0]] : parts.slice(0, versioned ? -1 : -2);
  return { service: service.join('.'), type: camelCase(type), method: camelCase(method) };
}

function camelCase(words: string): string {
  return words
    .split('-')
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
    .join('');
}
