import type { MethodDefinition, ServiceDefinition } from '@micromesh/core';
import { DemoServicesMissing, importFromService } from './service-entries.js';

// The definitions come from packages that this one must not depend on: the services stand on `micromesh`, which stands on this. So
// what the demo calls is written down here, and looked at when it is loaded.

/** A method with one request and one response. */
interface UnaryDefinition<Request, Response> extends MethodDefinition {
  readonly requestStream: false;
  readonly responseStream: false;
  requestSerialize(value: Request): Buffer;
  requestDeserialize(bytes: Buffer): Request;
  responseSerialize(value: Response): Buffer;
  responseDeserialize(bytes: Buffer): Response;
}

/** What the demo calls of `hello.v1.Hello`. */
export type HelloDefinition = {
  readonly anything: UnaryDefinition<{ name: string; id?: string | undefined }, { msg: string }>;
};

/** What the demo calls of `user.v1.User`. */
export type UserDefinition = {
  readonly test: UnaryDefinition<{ id?: string | undefined }, { msg: string }>;
};

/** @throws DemoServicesMissing outside the repository. */
export async function loadHelloDefinition(): Promise<HelloDefinition> {
  const definition = await importFromService('hello', 'HelloService');
  if (isHello(definition)) return definition;
  throw new DemoServicesMissing('HelloService of @micromesh/service-hello');
}

/** @throws DemoServicesMissing outside the repository. */
export async function loadUserDefinition(): Promise<UserDefinition & ServiceDefinition> {
  const definition = await importFromService('user', 'UserService');
  if (isUser(definition)) return definition;
  throw new DemoServicesMissing('UserService of @micromesh/service-user');
}

function isHello(value: unknown): value is HelloDefinition {
  return pathOf(value, 'anything') === '/hello.v1.Hello/Anything';
}

function isUser(value: unknown): value is UserDefinition & ServiceDefinition {
  return pathOf(value, 'test') === '/user.v1.User/Test';
}

function pathOf(definition: unknown, key: string): unknown {
  if (typeof definition !== 'object' || definition === null) return undefined;
  const method: unknown = Object.entries(definition).find(([name]) => name === key)?.[1];
  return typeof method === 'object' && method !== null && 'path' in method ? method.path : undefined;
}
