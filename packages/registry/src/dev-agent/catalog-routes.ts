import { catalogServiceShape, healthShape } from './answer-shapes.js';
import { answerQuery, type QueryWorld } from './blocking-query.js';
import type { Catalog, Instance } from './catalog.js';
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
        const { value, headers } = await answerQuery(request, world, () => catalog.names());
        return jsonAnswer(Object.fromEntries([...value].map(([name, tags]) => [name, [...tags]])), headers);
      },
    },
    {
      path: 'catalog/service/',
      GET: async (request, name) => {
        if (name === '') throw new Refusal(400, 'Missing service name');
        const tags = request.query.getAll('tag');
        const { value, headers } = await answerQuery(request, world, () => catalog.instances(name));
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
        if (name === '') throw new Refusal(400, 'Missing service name');
        const onlyPassing = readFlag(request.query, 'passing');
        const tags = request.query.getAll('tag');
        const { value, headers } = await answerQuery(request, world, () => catalog.health(name));
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
}

function isPassing({ checks }: Instance): boolean {
  return checks.every(({ value }) => value.status === 'passing');
}

function hasTags(service: ServiceEntry, wanted: readonly string[]): boolean {
  const tags = new Set(service.tags.map((tag) => tag.toLowerCase()));
  return wanted.every((tag) => tag === '' || tags.has(tag.toLowerCase()));
}
