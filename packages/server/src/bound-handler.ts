import {
  ConfigError,
  type DefinedMethod,
  type Method,
  type MethodDefinition,
  nearestName,
  readServiceDefinition,
  type ServiceDefinition,
} from '@micromesh/core';
import type { HandlerContext } from './handler-context.js';

/** A handler with the method that it serves. */
export interface BoundHandler {
  readonly method: Method;
  readonly definition: MethodDefinition;
  /** @param input - a message, or an iterable of messages, as the method's kind has it. */
  invoke(input: unknown, context: HandlerContext): unknown;
}

/**
 * Brings methods and handlers together, by the name in the definition.
 *
 * @throws ConfigError when a handler is missing, is no function, or has the name of no method.
 */
export function bindHandlers(definition: ServiceDefinition, handlers: object): readonly BoundHandler[] {
  const methods = readServiceDefinition(definition);
  const service = methods[0]?.method.service ?? '';
  if (typeof handlers !== 'object' || handlers === null) {
    throw new ConfigError(`handlers of ${service}`, handlers, 'is no object', 'give one function a method');
  }
  const known = methods.map(({ key }) => key);
  for (const name of Object.keys(handlers)) {
    if (known.includes(name)) continue;
    const near = nearestName(name, known);
    throw new ConfigError(
      `handlers of ${service}`,
      name,
      'is no method',
      near === undefined ? `it has ${known.join(', ')}` : `did you mean ${near}?`,
    );
  }
  return methods.map((method) => bindHandler(service, method, handlers));
}

function bindHandler(
  service: string,
  { key, method, definition }: DefinedMethod,
  handlers: object,
): BoundHandler {
  const handler: unknown = Reflect.get(handlers, key);
  if (typeof handler !== 'function') {
    throw new ConfigError(
      `handlers of ${service}`,
      key,
      handler === undefined ? 'has no handler' : 'is no function',
      `add "${key}", ${SHAPES[method.kind]}`,
    );
  }
  return {
    method,
    definition,
    invoke: (input, context) => Reflect.apply(handler, handlers, [input, context]),
  };
}

const SHAPES: Record<Method['kind'], string> = {
  unary: 'async (request, context) => response',
  clientStream: 'async (requests, context) => response',
  serverStream: 'async function* (request, context)',
  bidi: 'async function* (requests, context)',
  unknown: 'a function',
};
