/** The four kinds of call, and `unknown` for a stub whose definitions the mesh was not given. */
export type MethodKind = 'unary' | 'clientStream' | 'serverStream' | 'bidi' | 'unknown';

/** What a .proto's `idempotency_level`, or the user, says of running a method twice. */
export type Idempotency = 'idempotent' | 'unknown';

/** A method as the chain knows it. */
export interface Method {
  /** `/hello.v1.Hello/Anything` */
  readonly path: string;
  /** `hello.v1.Hello` */
  readonly service: string;
  /** `Anything` */
  readonly name: string;
  readonly kind: MethodKind;
  readonly idempotency: Idempotency;
}

/** Whether at most one request message is sent, so that there is nothing to stream out. */
export function sendsOneMessage(kind: MethodKind): boolean {
  return kind === 'unary' || kind === 'serverStream';
}

/** Whether exactly one response message is expected. */
export function receivesOneMessage(kind: MethodKind): boolean {
  return kind === 'unary' || kind === 'clientStream';
}

/** Takes `/hello.v1.Hello/Anything` apart; what has no such form becomes a service with an empty name. */
export function splitMethodPath(path: string): { service: string; name: string } {
  const slash = path.lastIndexOf('/');
  return { service: path.slice(1, slash), name: path.slice(slash + 1) };
}
