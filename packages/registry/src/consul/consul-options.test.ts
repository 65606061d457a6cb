import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ConfigError } from '@micromesh/core';
import { describe, expect, it } from 'vitest';
import { readConsulOptions } from './consul-options.js';

describe('readConsulOptions', () => {
  it('is the local agent where nothing says otherwise', () => {
    const settings = readConsulOptions({ env: {} });
    expect(settings.addresses).toEqual([{ kind: 'tcp', secure: false, host: '127.0.0.1', port: 8500 }]);
    expect(settings).toMatchObject({
      stale: true,
      waitMs: 30_000,
      heartbeatMs: 10_000,
      ttlMs: 30_000,
      checkIntervalMs: 5_000,
      deregisterCriticalAfterMs: 600_000,
      retry: { baseMs: 100, maxMs: 2_000 },
    });
  });

  it("reads Consul's own variables", () => {
    const folder = mkdtempSync(join(tmpdir(), 'micromesh-tls-'));
    const file = (name: string) => {
      const path = join(folder, name);
      writeFileSync(path, name);
      return path;
    };
    const settings = readConsulOptions({
      env: {
        CONSUL_HTTP_ADDR: 'consul:8501',
        CONSUL_HTTP_SSL: 'true',
        CONSUL_HTTP_TOKEN: 'secret',
        CONSUL_HTTP_TOKEN_FILE: '/run/token',
        CONSUL_CACERT: file('ca.pem'),
        CONSUL_CLIENT_CERT: file('cert.pem'),
        CONSUL_CLIENT_KEY: file('key.pem'),
      },
    });
    rmSync(folder, { recursive: true });
    expect(settings).toMatchObject({
      addresses: [{ kind: 'tcp', secure: true, host: 'consul', port: 8501 }],
      token: 'secret',
      tokenFile: '/run/token',
      tls: { ca: 'ca.pem', cert: 'cert.pem', key: 'key.pem' },
    });
  });

  it('lets options win over variables', () => {
    const env = { CONSUL_HTTP_ADDR: 'a:1', CONSUL_HTTP_TOKEN: 'theirs', CONSUL_HTTP_TOKEN_FILE: '/theirs' };
    expect(readConsulOptions({ address: ['b:2', 'c:3'], tokenFile: '/mine', env })).toMatchObject({
      addresses: [{ host: 'b' }, { host: 'c' }],
      token: undefined,
      tokenFile: '/mine',
    });
  });

  it('takes a ttl of two heartbeats', () => {
    expect(readConsulOptions({ heartbeatMs: 20_000, ttlMs: 40_000, env: {} }).ttlMs).toBe(40_000);
  });

  it.each<[object, string]>([
    [{ adress: 'a:1' }, 'did you mean address?'],
    [{ address: [] }, 'address: []'],
    [{ address: 'a:b' }, 'address: "a:b"'],
    [{ waitMs: 1 }, 'waitMs: 1'],
    [{ ttlMs: 5_000 }, 'ttlMs: 5000'],
    [{ ttlMs: 19_999 }, 'ttlMs: 19999 is less than 2 x heartbeatMs (10000)'],
    [{ heartbeatMs: 1_000, ttlMs: 1_000 }, 'beats come at 0.9 to 1.1 times heartbeatMs'],
    [{ heartbeatMs: 20_000 }, 'ttlMs: 30000 is less than 2 x heartbeatMs (20000)'],
    [{ ttlMs: Number.NaN }, 'ttlMs: NaN'],
    [{ checkIntervalMs: 500 }, 'checkIntervalMs: 500'],
    [{ deregisterCriticalAfterMs: 1_000 }, 'deregisterCriticalAfterMs: 1000'],
    [{ tls: { cacert: 'x' } }, 'consul.tls: "cacert"'],
    [{ env: { CONSUL_CACERT: '/nowhere/ca.pem' } }, 'CONSUL_CACERT: "/nowhere/ca.pem" cannot be read'],
    [{ env: { CONSUL_HTTP_ADDR: 'a b' } }, 'CONSUL_HTTP_ADDR: "a b"'],
  ])('refuses %j', (options, message) => {
    expect(() => readConsulOptions({ env: {}, ...options })).toThrow(ConfigError);
    expect(() => readConsulOptions({ env: {}, ...options })).toThrow(message);
  });
});
