import { ConfigError } from './errors.js';
import { type Idempotency, type Method, type MethodKind, splitMethodPath } from './method.js';

/**
 * One method as generated code (`micromesh generate`, ts-proto) and `@grpc/proto-loader` describe it; any
 * `MethodDefinition` of grpc-js fits.
 */
export interface MethodDefinition {
  readonly path: string;
  readonly requestStream: boolean;
  readonly responseStream: boolean;
  requestSerialize(value: never): Buffer;
  requestDeserialize(bytes: Buffer): unknown;
  responseSerialize(value: never): Buffer;
  responseDeserialize(bytes: Buffer): unknown;
  readonly originalName?: string | undefined;
  /** The options of the .proto, under the names that they have there. */
  readonly options?: { readonly idempotency_level?: unknown } | undefined;
}

/** The methods of one proto service, by the name that code calls them. */
export type ServiceDefinition = Readonly<Record<string, MethodDefinition>>;

/**
 * The property of a generated service constant that holds its descriptors: a `google.protobuf.FileDescriptorSet`, imports
 * included, as bytes or base64. With it reflection needs nothing passed. Not enumerable, so that it is no method.
 */
export const FILE_DESCRIPTOR_SET: unique symbol = Symbol.for('micromesh.fileDescriptorSet');

/** The request message of a method. */
export type RequestOf<M> = M extends { requestDeserialize(bytes: Buffer): infer Request } ? Request : never;

/** The response message of a method. */
export type ResponseOf<M> = M extends { responseDeserialize(bytes: Buffer): infer Response }
  ? Response
  : never;

/**
 * The kind of a method by its literal stream flags; `unknown` where the type does not say (proto-loader's dynamic
 * definitions have `boolean`).
 */
export type KindOf<M extends MethodDefinition> = boolean extends M['requestStream'] | M['responseStream']
  ? boolean extends M['requestStream']
    ? 'unknown'
    : boolean extends M['responseStream']
      ? 'unknown'
      : KindOfLiterals<M>
  : KindOfLiterals<M>;

type KindOfLiterals<M extends MethodDefinition> = M['requestStream'] extends true
  ? M['responseStream'] extends true
    ? 'bidi'
    : 'clientStream'
  : M['responseStream'] extends true
    ? 'serverStream'
    : 'unary';

/** A method with what turns its messages to bytes and back. */
export interface DefinedMethod {
  /** The key in the definition: `anything` of ts-proto, `Anything` of proto-loader. */
  readonly key: string;
  readonly method: Method;
  readonly definition: MethodDefinition;
}

/**
 * Reads a service definition.
 *
 * @throws ConfigError when it is no definition (a client class, a package object), or its methods have no path.
 */
export function readServiceDefinition(definition: ServiceDefinition): readonly DefinedMethod[] {
  if (typeof definition !== 'object' || definition === null) throw notADefinition(definition);
  const methods: DefinedMethod[] = [];
  for (const [key, method] of Object.entries(definition)) {
    if (typeof method?.path !== 'string' || !/^\/[^/]+\/[^/]+$/.test(method.path)) throw notADefinition(key);
    methods.push({ key, definition: method, method: readMethod(method) });
  }
  if (methods.length === 0) throw notADefinition(definition);
  return methods;
}

function readMethod(definition: MethodDefinition): Method {
  const { service, name } = splitMethodPath(definition.path);
  return {
    path: definition.path,
    service,
    name,
    kind: kindOf(definition),
    idempotency: readIdempotency(definition.options?.idempotency_level),
  };
}

function kindOf({ requestStream, responseStream }: MethodDefinition): MethodKind {
  if (requestStream) return responseStream ? 'bidi' : 'clientStream';
  return responseStream ? 'serverStream' : 'unary';
}

// google.protobuf.MethodOptions.IdempotencyLevel: NO_SIDE_EFFECTS = 1, IDEMPOTENT = 2; loaders give the name or the number.
function readIdempotency(level: unknown): Idempotency {
  return level === 'NO_SIDE_EFFECTS' || level === 'IDEMPOTENT' || level === 1 || level === 2
    ? 'idempotent'
    : 'unknown';
}

function notADefinition(value: unknown): ConfigError {
  return new ConfigError(
    'definition',
    value,
    'is no service definition',
    'pass the generated `XService` constant, or `loaded.package.X.service` of proto-loader',
  );
}
