import type { Reply } from './ask.js';

/** What differs from agent to agent: identities, and counters of writes. */
const OWN_FIELDS = new Set(['CreateIndex', 'ModifyIndex', 'ContentHash']);
const COMPARED_HEADERS = [
  'content-type',
  'allow',
  'x-consul-knownleader',
  'x-consul-lastcontact',
  'x-consul-effective-consistency',
  'content-security-policy',
  'x-content-type-options',
];

/** The part of an answer in which the dev agent and Consul have to agree. */
export function comparable(reply: Reply, path: string): unknown {
  const headers = Object.fromEntries(COMPARED_HEADERS.map((name) => [name, reply.headers[name]]));
  // Errors of a read name the consistency in Consul's own way; nobody reads that.
  const shown =
    reply.status < 300 || reply.status === 404 ? headers : { 'content-type': headers['content-type'] };
  return { status: reply.status, headers: shown, body: comparableBody(reply, path) };
}

function comparableBody({ body, headers }: Reply, path: string): unknown {
  if (headers['content-type'] === 'application/json') {
    const value: unknown = JSON.parse(body);
    if (path.startsWith('/v1/catalog/services')) return withSortedTags(value);
    // Consul takes critical instances out by moving the last one into their place.
    return withoutOwn(path.includes('passing') && Array.isArray(value) ? sortedByText(value) : value);
  }
  // Go names its types here.
  if (body.startsWith('Request decode failed:')) return 'Request decode failed:';
  // Go's words for what is wrong with a number, or a page to read on.
  return body.replace(/ See https:.*$/, '');
}

// Consul gives all tags of a service in the order of a Go map: by chance.
function withSortedTags(services: unknown): unknown {
  if (typeof services !== 'object' || services === null) return services;
  return Object.entries(services)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, tags]) => [name, Array.isArray(tags) ? [...tags].sort() : tags]);
}

function sortedByText(instances: readonly unknown[]): unknown[] {
  const keyed = instances.map((value) => ({
    value,
    key: /"ID": ?"[^"]*","Service"/.exec(JSON.stringify(value))?.[0] ?? '',
  }));
  return keyed.sort((a, b) => (a.key < b.key ? -1 : 1)).map(({ value }) => value);
}

function withoutOwn(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutOwn);
  if (typeof value !== 'object' || value === null) return value;
  const entries: [string, unknown][] = Object.entries(value).map(([name, each]) => {
    if (OWN_FIELDS.has(name)) return [name, '-'];
    const isNodeName = name === 'Node' && typeof each === 'string';
    const isNodeId = name === 'ID' && ('Datacenter' in value || 'Node' in value);
    return [name, isNodeName || isNodeId ? '-' : withoutOwn(each)];
  });
  return Object.fromEntries(entries);
}
