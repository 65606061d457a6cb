import {
  ConfigError,
  type DefinedMethod,
  readServiceDefinition,
  type ServiceDefinition,
} from '@micromesh/core';
import { type ApiRoute, apiRoute } from './api-route.js';
import { type DescribedService, describeService } from './descriptors.js';
import { JsonMessages } from './json-messages.js';

/** A method that HTTP clients can call. */
export interface Route {
  /** The shortest path that means it: `/user/test`. */
  readonly path: string;
  /** The registry's name of its service, with the namespace. */
  readonly service: string;
  readonly method: DefinedMethod;
  readonly json: JsonMessages;
}

/** Finds methods by paths. */
export interface RouteTable {
  find(path: string): Route | undefined;
  readonly routes: readonly Route[];
}

/**
 * Builds the table of the services that the gateway was given.
 *
 * @param definitions - the proto services of each registry service, by its name without the namespace.
 * @throws ConfigError when a definition carries no descriptors, or two would have the same paths.
 */
export function buildRouteTable(
  definitions: Readonly<Record<string, readonly ServiceDefinition[]>>,
  namespace: string,
): RouteTable {
  const byKey = new Map<string, Route>();
  for (const [name, services] of Object.entries(definitions)) {
    if (!Array.isArray(services)) {
      const mend = `write the proto services of ${name} in brackets: { ${name}: [Service] }`;
      throw new ConfigError(`definitions.${name}`, services, 'is no list', mend);
    }
    for (const definition of services) {
      const methods = readServiceDefinition(definition);
      const typeName = methods[0]?.method.service ?? '';
      const described = describeService(definition, typeName);
      for (const method of methods) {
        const route = makeRoute(name, namespace, method, described);
        const key = keyOf({ service: name, type: lastPart(typeName), method: method.method.name });
        const earlier = byKey.get(key);
        if (earlier !== undefined) throw ambiguous(name, earlier.method.method.path, method.method.path);
        byKey.set(key, route);
      }
    }
  }
  const routes = [...byKey.values()].sort((a, b) => (a.path < b.path ? -1 : 1));
  return {
    routes,
    find(path) {
      const wanted = apiRoute(path);
      return wanted === undefined ? undefined : byKey.get(keyOf(wanted));
    },
  };
}

function makeRoute(
  name: string,
  namespace: string,
  method: DefinedMethod,
  { descriptor, types }: DescribedService,
): Route {
  const described = descriptor.methods.find((each) => each.name === method.method.name);
  if (described === undefined) {
    throw new ConfigError(
      'definitions',
      method.method.path,
      'is not in its descriptors',
      'generate the code again',
    );
  }
  return {
    path: shortestPath(name, lastPart(descriptor.typeName), method.method.name),
    service: namespace === '' ? name : `${namespace}.${name}`,
    method,
    json: new JsonMessages(described, types),
  };
}

/** One text for all ways to write a route: `GetUser`, `getUser`, `get-user` and `get_user` are the same. */
function keyOf({ service, type, method }: ApiRoute): string {
  return [service, plain(type), plain(method)].join('/').toLowerCase();
}

function plain(name: string): string {
  return name.replaceAll(/[-_]/g, '');
}

function shortestPath(service: string, type: string, method: string): string {
  const folders = service.replaceAll('.', '/');
  const key = keyOf({ service, type, method });
  const short = `/${folders}/${uncapitalize(method)}`;
  const meant = apiRoute(short);
  if (meant !== undefined && keyOf(meant) === key) return short;
  return `/${folders}/${uncapitalize(type)}/${uncapitalize(method)}`;
}

function uncapitalize(name: string): string {
  return name.charAt(0).toLowerCase() + name.slice(1);
}

function lastPart(typeName: string): string {
  return typeName.slice(typeName.lastIndexOf('.') + 1);
}

function ambiguous(service: string, one: string, other: string): ConfigError {
  return new ConfigError(
    `definitions.${service}`,
    other,
    `has the same path as ${one}`,
    'give one of them, or register them as services of two names',
  );
}
