import { catalogServiceShape, healthShape } from './answer-shapes.js';
import {
  answerQuery,
  type QueryAnswer,
  type QueryOptions,
  type QueryWorld,
  readQueryOptions,
} from './blocking-query.js';
import type { Catalog, Instance, Read } from './catalog.js';
import { jsonAnswer } from './exchange.js';
import { readFlag } from './go-values.js';
import type { NodeIdentity } from './node-identity.js';
import { Refusal } from './refusal.js';
import type { Route } from './route.js';
import type { ServiceEntry } from './service-entry.js';

/** The routes below `/v1/catalog`, `/v1/health` and `/v1/status`: what the cluster knows. */
export function catalogRoutes(catalog: Catalog, node: NodeIdentity, world: QueryWorld): readonly Route[] {
  return [
    {
      path: 'catalog/services',
      GET: async (request) => {
        const options = readQueryOptions(request.query);
        const { value, headers } = await answer(options, request.gone, () => catalog.names());
        return jsonAnswer(Object.fromEntries([...value].map(([name, tags]) => [name, [...tags]])), headers);
      },
    },
    {
      path: 'catalog/service/',
      GET: async (request, name) => {
        const options = readQueryOptions(request.query);
        if (name === '') throw new Refusal(400, 'Missing service name');
        const tags = request.query.getAll('tag');
        const { value, headers } = await answer(options, request.gone, () => catalog.instances(name));
        const rows = value.filter((row) => hasTags(row.value, tags));
        return jsonAnswer(
          rows.map((row) => catalogServiceShape(row, node)),
          headers,
        );
      },
    },
    {
      path: 'health/service/',
      GET: async (request, name) => {
        const options = readQueryOptions(request.query);
        if (name === '') throw new Refusal(400, 'Missing service name');
        const onlyPassing = readFlag(request.query, 'passing');
        const tags = request.query.getAll('tag');
        const { value, headers } = await answer(options, request.gone, () => catalog.health(name));
        const instances = value.filter(
          (instance) => hasTags(instance.service.value, tags) && (!onlyPassing || isPassing(instance)),
        );
        return jsonAnswer(
          instances.map((instance) => healthShape(instance, node)),
          headers,
        );
      },
    },
    { path: 'status/leader', GET: () => jsonAnswer(`${node.address}:${node.port}`) },
  ];

  // With the header that Consul has here, and not at keys and values.
  async function answer<T>(
    options: QueryOptions,
    gone: AbortSignal,
    read: () => Read<T>,
  ): Promise<QueryAnswer<T>> {
    const { value, headers } = await answerQuery(options, gone, world, read);
    return { value, headers: { ...headers, 'X-Consul-Effective-Consistency': options.consistency } };
  }
}

function isPassing({ checks }: Instance): boolean {
  return checks.every(({ value }) => value.status === 'passing');
}

function hasTags(service: ServiceEntry, wanted: readonly string[]): boolean {
  const tags = new Set(service.tags.map((tag) => tag.toLowerCase()));
  return wanted.every((tag) => tag === '' || tags.has(tag.toLowerCase()));
}
