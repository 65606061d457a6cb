import fc from 'fast-check';
import type { Question } from './ask.js';

/** A write or a read, and how its `cas` is found: from what each agent itself says of the key. */
export interface Command extends Question {
  readonly cas?: { readonly key: string; readonly from: 'current' | 'stale' };
}

const names = fc.constantFrom('a', 'b', 'c');
const ids = fc.constantFrom('a1', 'a2', 'b1', 'c/1', 'a');
const checkIds = fc.constantFrom(
  'service:a1',
  'service:a1:1',
  'service:a1:2',
  'service:b1',
  'own',
  'none',
  '',
);
const keys = fc.constantFrom('k', 'k/a', 'k/b/c', 'k/b/d', 'm', 'm n');
const values = fc.constantFrom('', 'one', 'two', '{"json":true}');
const notes = fc.constantFrom('', 'fine', 'not so fine');

const check = fc.oneof(
  fc.record(
    {
      TTL: fc.constantFrom('300s', '5m0s', '10m', 600_000_000_000),
      Status: fc.constantFrom('passing', 'warning', 'critical', ''),
      CheckID: fc.constantFrom('own', 'service:a1'),
      Name: fc.constant('a name'),
      Notes: fc.constant('a note'),
      DeregisterCriticalServiceAfter: fc.constantFrom('10m', '1h30m'),
    },
    { requiredKeys: ['TTL'] },
  ),
  fc.constant({}),
);

const oddCheck = fc.constantFrom<unknown>(
  { TTL: '-1s' },
  { TTL: 'soon' },
  { TTL: '10' },
  { TTL: '300s', Interval: '1s' },
  { TTL: '300s', Status: 'well' },
  { Interval: '1s' },
  { GRPC: '127.0.0.1:1' },
  { TTL: '300s', Unknown: 1 },
  'no object',
);

const sound = fc.record(
  {
    ID: ids,
    Name: names,
    Tags: fc.subarray(['x', 'Y', 'version=1']),
    Address: fc.constantFrom('', '127.0.0.1', '::1', 'host.example'),
    Port: fc.constantFrom(0, 5001),
    Meta: fc.constantFrom<unknown>({}, { version: '1' }, { a: '', 'b-c_D': 'x'.repeat(512) }, null),
    Weights: fc.constantFrom({ Passing: 1, Warning: 1 }, { Passing: 3, Warning: 0 }, { Passing: 65_535 }),
    TaggedAddresses: fc.constantFrom({ lan: { Address: '10.0.0.1', Port: 1 } }, {}),
    EnableTagOverride: fc.boolean(),
    Check: check,
    Checks: fc.array(
      check.filter((each) => Object.keys(each).length > 0),
      { maxLength: 2 },
    ),
  },
  { requiredKeys: ['Name'] },
);

const odd = fc.oneof(
  fc.constantFrom<unknown>(
    '{',
    '',
    '[]',
    '5',
    {},
    { Name: '' },
    { Name: 5 },
    { ID: 'a1' },
    { name: 'b', id: 'b1', tags: ['x'], enable_tag_override: true },
    { Name: 'a', Port: '1' },
    { Name: 'a', Tags: 'x' },
    { Name: 'a', Tags: [1] },
    { Name: 'a', Unknown: 1 },
    { Name: 'a', Address: '0.0.0.0' },
    { Name: 'a', Address: '::' },
    { Name: 'a', Weights: { Passing: 0 } },
    { Name: 'a', Weights: { Passing: 1, Warning: -1 } },
    { Name: 'a', Weights: { Passing: 65_536, Warning: 1 } },
    { Name: 'a', Meta: { 'a.b': '1' } },
    { Name: 'a', Meta: { 'consul-a': '1' } },
    { Name: 'a', Meta: { '': '1' } },
    { Name: 'a', Meta: { a: 'x'.repeat(513) } },
    { Name: 'a', Meta: { ['a'.repeat(129)]: '1' } },
    { Name: 'a', Meta: Object.fromEntries(Array.from({ length: 65 }, (_, i) => [`k${i}`, ''])) },
    { Name: 'a', Meta: { a: 1 } },
  ),
  fc.record({ Name: names, ID: ids, Check: oddCheck }),
  fc.record({ Name: names, ID: ids, Checks: fc.tuple(oddCheck) }),
);

function put(path: string, body?: unknown): Command {
  return { method: 'PUT', path, ...(body === undefined ? {} : { body }) };
}

const replace = fc.constantFrom(
  '',
  '',
  '?replace-existing-checks',
  '?replace-existing-checks=true',
  '?replace-existing-checks=1',
  '?replace-existing-checks=0',
  '?replace-existing-checks=x',
);
const register = (body: fc.Arbitrary<unknown>) =>
  fc.tuple(body, replace).map(([each, query]) => put(`/v1/agent/service/register${query}`, each));

const report = fc.oneof(
  fc
    .tuple(fc.constantFrom('pass', 'warn', 'fail'), checkIds, notes)
    .map(([word, id, note]) =>
      put(`/v1/agent/check/${word}/${encodeURIComponent(id)}?note=${encodeURIComponent(note)}`),
    ),
  fc
    .tuple(
      checkIds,
      fc.constantFrom<unknown>(
        { Status: 'passing', Output: 'out' },
        { Status: 'critical' },
        { status: 'warning', output: 'snake' },
        { Status: 'Passing' },
        { Status: 'passing', Unknown: 1 },
        {},
        '{',
        '',
        'x',
      ),
    )
    .map(([id, body]) => put(`/v1/agent/check/update/${encodeURIComponent(id)}`, body)),
);

const leave = fc.oneof(
  { weight: 5, arbitrary: ids.map((id) => put(`/v1/agent/service/deregister/${encodeURIComponent(id)}`)) },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      put('/v1/agent/service/deregister/'),
      put('/v1/agent/service/deregister/none'),
    ),
  },
);

const enable = fc.constantFrom('enable=true', 'enable=true&reason=why', 'enable=false', 'enable=maybe', '');
const maintenance = fc.oneof(
  fc
    .tuple(ids, enable)
    .map(([id, query]) => put(`/v1/agent/service/maintenance/${encodeURIComponent(id)}?${query}`)),
  enable.map((query) => put(`/v1/agent/maintenance?${query}`)),
);

const kvWrite = fc.oneof(
  fc
    .tuple(
      keys,
      values,
      fc.constantFrom('', '?flags=7', '?flags=x', '?cas=0', '?cas=x', '?dc=nowhere', '?dc=dc1'),
    )
    .map(([key, value, query]) => put(`/v1/kv/${encodeURI(key)}${query}`, value)),
  fc
    .tuple(keys, values, fc.constantFrom<'current' | 'stale'>('current', 'stale'))
    .map(([key, value, from]) => ({
      ...put(`/v1/kv/${encodeURI(key)}`, value),
      cas: { key, from },
    })),
  fc.tuple(keys, fc.constantFrom('', '?recurse', '?cas=0', '?cas=1&recurse')).map(
    ([key, query]): Command => ({
      method: 'DELETE',
      path: `/v1/kv/${encodeURI(key)}${query}`,
    }),
  ),
  fc.tuple(keys, fc.constantFrom<'current' | 'stale'>('current', 'stale')).map(
    ([key, from]): Command => ({
      method: 'DELETE',
      path: `/v1/kv/${encodeURI(key)}`,
      cas: { key, from },
    }),
  ),
  fc.constantFrom<Command>(put('/v1/kv/', 'x'), { method: 'DELETE', path: '/v1/kv/' }),
);

const query = fc.constantFrom(
  '',
  '?stale',
  '?consistent',
  '?stale&consistent',
  '?index=x',
  '?index=1&wait=soon',
  '?index=1&wait=1s',
  '?dc=nowhere',
  '?ns=some',
  '?passing=x',
  '?passing=false',
  '?tag=x',
  '?tag=y&tag=X',
  '?near=_agent',
);
const read = fc.oneof(
  fc
    .tuple(
      fc.constantFrom('health/service/a', 'catalog/service/a', 'catalog/service/none', 'health/service/'),
      query,
    )
    .map(([path, each]): Command => ({ method: 'GET', path: `/v1/${path}${each}` })),
  fc
    .tuple(
      keys,
      fc.constantFrom(
        '',
        '?raw',
        '?keys',
        '?keys&separator=/',
        '?recurse',
        '?recurse&raw',
        '?stale&consistent',
      ),
    )
    .map(([key, each]): Command => ({ method: 'GET', path: `/v1/kv/${encodeURI(key)}${each}` })),
  ids.map((id): Command => ({ method: 'GET', path: `/v1/agent/service/${encodeURIComponent(id)}` })),
  fc.constantFrom<Command>(
    { method: 'GET', path: '/v1/kv/' },
    { method: 'GET', path: '/v1/kv/?keys&separator=/' },
    { method: 'PUT', path: '/v1/agent/services' },
    { method: 'POST', path: '/v1/agent/check/pass/x' },
    { method: 'GET', path: '/v1/agent/service/deregister/a1' },
  ),
);

/** A random command; most of them change something. */
export const command: fc.Arbitrary<Command> = fc.oneof(
  { weight: 8, arbitrary: register(sound) },
  { weight: 2, arbitrary: register(odd) },
  { weight: 6, arbitrary: report },
  { weight: 4, arbitrary: leave },
  { weight: 2, arbitrary: maintenance },
  { weight: 6, arbitrary: kvWrite },
  { weight: 3, arbitrary: read },
);

/** What is read after each command, of both agents. */
export const OBSERVED: readonly string[] = [
  '/v1/agent/services',
  '/v1/agent/checks',
  '/v1/catalog/services',
  ...['a', 'b', 'c', 'none'].flatMap((name) => [`/v1/health/service/${name}`, `/v1/catalog/service/${name}`]),
  '/v1/health/service/a?passing',
  '/v1/kv/?recurse',
  '/v1/kv/k?recurse',
  '/v1/kv/k/b/?recurse',
  '/v1/kv/k',
  '/v1/kv/m',
];

/** Takes all away that commands can have made. */
export const CLEANUP: readonly Command[] = [
  ...['a1', 'a2', 'b1', 'c/1', 'a', 'b', 'c'].map((id) =>
    put(`/v1/agent/service/deregister/${encodeURIComponent(id)}`),
  ),
  put('/v1/agent/maintenance?enable=false'),
  { method: 'DELETE', path: '/v1/kv/?recurse' },
];
