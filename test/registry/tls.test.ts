import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ConsulOptions, consul, type Registry } from '@micromesh/registry';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { consulForTests } from '../dev-agent/consul-binary.js';
import { nodesBecome } from './conformance.js';

const found = await consulForTests();

// The certificates are made by Consul's own command, so they are what a user has.
describe.skipIf(found === undefined)('an agent that speaks TLS', () => {
  const folder = mkdtempSync(join(tmpdir(), 'micromesh-tls-'));
  const file = (name: string) => join(folder, name);
  const [ca, cert, key] = ['consul-agent-ca.pem', 'dc1-client-consul-0.pem', 'dc1-client-consul-0-key.pem'];
  const paths: string[] = [];
  let server: Server;
  let port = 0;
  let registry: Registry;

  beforeAll(async () => {
    const tls = (...args: string[]) =>
      execFileSync(found?.path ?? '', ['tls', ...args], { cwd: folder, stdio: 'ignore' });
    tls('ca', 'create');
    tls('cert', 'create', '-server', '-additional-ipaddress=127.0.0.1');
    tls('cert', 'create', '-client');
    server = createServer(
      {
        ca: readFileSync(file(ca)),
        cert: readFileSync(file('dc1-server-consul-0.pem')),
        key: readFileSync(file('dc1-server-consul-0-key.pem')),
        requestCert: true,
        rejectUnauthorized: true,
      },
      (request, response) => {
        paths.push(request.url ?? '');
        const services = request.url?.startsWith('/v1/catalog/services');
        response.writeHead(200, { 'content-type': 'application/json' });
        response.end(services ? '{"hello":["zone=a"]}' : '[]');
      },
    );
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    port = (server.address() as AddressInfo).port;
  });

  afterEach(() => registry.close());

  afterAll(() => {
    server.closeAllConnections();
    server.close();
    rmSync(folder, { recursive: true });
  });

  function open(options: ConsulOptions): Registry {
    registry = consul({ address: `https://127.0.0.1:${port}`, env: {}, ...options });
    return registry;
  }

  it('is read with the CA and the certificate of the options', async () => {
    const tls = { ca: readFileSync(file(ca)), cert: readFileSync(file(cert)), key: readFileSync(file(key)) };
    const watch = open({ tls }).watch({ name: 'hello' });
    await nodesBecome(watch, []);
    expect(await registry.services()).toEqual([{ service: { name: 'hello' }, tags: ['zone=a'] }]);
  });

  it("is read with what Consul's variables name", async () => {
    const env = { CONSUL_CACERT: file(ca), CONSUL_CLIENT_CERT: file(cert), CONSUL_CLIENT_KEY: file(key) };
    await nodesBecome(open({ env }).watch({ name: 'hello' }), []);
  });

  it.each<[string, ConsulOptions, RegExp]>([
    ['whose CA is not known', {}, /certificate|self[- ]signed/i],
    [
      'that does not know us',
      { tls: { rejectUnauthorized: false } },
      /certificate required|reset|alert|EPIPE/i,
    ],
  ])('%s is an error that says so, and nothing is known', async (_, options, error) => {
    const watch = open(options).watch({ name: 'hello' });
    await expect
      .poll(() => watch.state)
      .toMatchObject({
        kind: 'unknown',
        error: expect.stringMatching(error),
      });
  });
});
