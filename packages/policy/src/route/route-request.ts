/** What rules compare of a call, or of a request at the HTTP gateway. */
export interface RouteRequest {
  /** `/hello.v1.Hello/Anything`; at the gateway the path without its query. */
  readonly path: string;
  /** The name that the caller gave the service; at the gateway the host. */
  readonly authority: string;
  /** The port in that name; undefined: it has none, and matches no port. */
  readonly port?: number | undefined;
  /** `http`, or `https` over TLS. */
  readonly scheme: string;
  /** `POST` for a gRPC call. */
  readonly verb: string;
  /** At the gateway, without the question mark; a gRPC call has none. */
  readonly query?: string | undefined;
  /** A header by its name in lower case; several values are joined by commas; undefined: it is not there. */
  header(name: string): string | undefined;
  /** Whether one of these headers is there, by their names in lower case; it may say so of one that is not. */
  hasAnyHeader(names: ReadonlySet<string>): boolean;
}

/** Who calls: what is known when policies are compiled. */
export interface PolicyCaller {
  /** `identity.labels` */
  readonly labels: Readonly<Record<string, string>>;
  /** `identity.namespace`; default `default`. */
  readonly namespace?: string | undefined;
}
