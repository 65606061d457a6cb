import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';
import { consul } from '@micromesh/registry';
import { afterAll, expect, it } from 'vitest';
import { nodesBecome } from './conformance.js';

const folder = mkdtempSync(join(tmpdir(), 'micromesh-socket-'));
const hasIpv6 = Object.values(networkInterfaces())
  .flat()
  .some((each) => each?.address === '::1');

afterAll(() => rmSync(folder, { recursive: true, force: true }));

it.each([
  ['an IPv6 address', { host: '::1', port: 0 }, !hasIpv6],
  ['a name', { host: 'localhost', port: 0 }, false],
  ['a socket', { path: join(folder, 'consul.sock') }, process.platform === 'win32'],
] as const)('an agent at %s is watched, listed and written to', async (_, place, missing) => {
  if (missing) return;
  const paths: string[] = [];
  const server = createServer((request, response) => {
    paths.push(`${request.method} ${decodeURIComponent(request.url ?? '').split('?')[0]}`);
    request.resume();
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(request.url?.startsWith('/v1/catalog/') ? '{"hello":[]}' : '[]');
  });
  await new Promise<void>((resolve) => server.listen(place, resolve));
  const bound = server.address();
  const registry = consul({
    address:
      bound === null || typeof bound === 'string'
        ? `unix://${bound}`
        : `${'host' in place && place.host !== '::1' ? place.host : '[::1]'}:${bound.port}`,
    env: {},
  });
  await nodesBecome(registry.watch({ name: 'hello' }), []);
  expect(await registry.services()).toEqual([{ service: { name: 'hello' }, tags: [] }]);
  const node = await registry.register({
    service: { name: 'hello' },
    id: 'hello-1',
    address: { kind: 'unix', path: '/run/hello' },
    version: '',
    labels: {},
    weight: 1,
    check: 'ttl',
  });
  await node.deregister();
  expect(paths).toContain('PUT /v1/agent/check/pass/service:hello-1');
  await registry.close();
  await new Promise((resolve) => server.close(resolve));
});
