import type { IncomingHttpHeaders } from 'node:http';
import type { RouteRequest } from '@micromesh/policy/route';

const DEFAULT_PORTS: Readonly<Record<string, number>> = { http: 80, https: 443 };

/** What is read of an HTTP request before anything is done with it. */
export interface HttpRequestFacts {
  readonly method: string;
  /** Path and query, as they are written. */
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
}

/** A request at the gateway, as the rules of a VirtualService look at it. */
export class HttpRequest implements RouteRequest {
  /** A gateway speaks no TLS: what a proxy before it does, a header may say. */
  readonly scheme = 'http';
  readonly verb: string;
  readonly path: string;
  readonly query: string;
  /** The name in `Host`, in lower case. */
  readonly authority: string;
  /** The port in `Host`, else that of the scheme. */
  readonly port: number;
  /** `Host` as it came; empty: there is none. */
  readonly host: string;
  readonly #headers: IncomingHttpHeaders;

  constructor({ method, url, headers }: HttpRequestFacts) {
    const [path, query] = splitTarget(url);
    this.verb = method;
    // go-micro's rule takes several slashes for one; the rules must not be got around by that.
    this.path = path.replaceAll(/\/{2,}/g, '/');
    this.query = query;
    this.host = headers.host ?? '';
    const { name, port } = splitHost(this.host);
    this.authority = name.toLowerCase();
    this.port = port ?? defaultPort(this.scheme);
    this.#headers = headers;
  }

  hasAnyHeader(names: ReadonlySet<string>): boolean {
    for (const name in this.#headers) if (names.has(name)) return true;
    return false;
  }

  header(name: string): string | undefined {
    // What an object has by itself, as `constructor`, is no header.
    const value = Object.hasOwn(this.#headers, name) ? this.#headers[name] : undefined;
    return Array.isArray(value) ? value.join(',') : value;
  }
}

/** The port that a URL without one means. */
export function defaultPort(scheme: string): number {
  return DEFAULT_PORTS[scheme] ?? 0;
}

/** The path and the query of a request; a further `?` belongs to the query. */
export function splitTarget(target: string): [path: string, query: string] {
  const at = target.indexOf('?');
  return at === -1 ? [target, ''] : [target.slice(0, at), target.slice(at + 1)];
}

/** The parts of `name:port`, also of `name:` and `name.`, which mean the same name; what is none of these is a name that nobody has. */
export function splitHost(host: string): { readonly name: string; readonly port: number | undefined } {
  const [, name = host, port = ''] = /^(\[[\da-f:.]+\]|[^:]*?)\.?(?::(\d{0,5}))?$/i.exec(host) ?? [];
  return { name, port: port === '' ? undefined : Number(port) };
}
