import { describe, expect, it } from 'vitest';
import type { Registration } from '../registry.js';
import { registrationBody } from './registration-body.js';

const times = { ttlMs: 30_000, checkIntervalMs: 5_000, deregisterCriticalAfterMs: 600_000 };

const registration: Registration = {
  service: { name: 'hello' },
  id: 'hello-1',
  address: { kind: 'tcp', host: '::1', port: 5001 },
  version: '1.0.0',
  labels: { zone: 'a', region: 'eu' },
  weight: 3,
  check: 'auto',
};

describe('registrationBody', () => {
  it('has what other tools read, and one check', () => {
    expect(registrationBody(registration, 'ttl', 7, times)).toEqual({
      ID: 'hello-1',
      Name: 'hello',
      Tags: ['version=1.0.0', 'region=eu', 'zone=a'],
      Meta: {
        micromesh: '1',
        'micromesh-id': 'hello-1',
        'micromesh-started-at': '7',
        version: '1.0.0',
        zone: 'a',
        region: 'eu',
      },
      Address: '::1',
      Port: 5001,
      Weights: { Passing: 3, Warning: 1 },
      EnableTagOverride: false,
      Check: {
        CheckID: 'service:hello-1',
        Name: 'heartbeat of the node',
        Status: 'passing',
        DeregisterCriticalServiceAfter: '600000ms',
        TTL: '30000ms',
      },
    });
  });

  it('lets the agent ask for health where it can', () => {
    expect(registrationBody(registration, 'grpc', 7, times).Check).toMatchObject({
      GRPC: '[::1]:5001',
      Interval: '5000ms',
      Status: 'passing',
    });
  });

  it('writes a socket as the address', () => {
    const body = registrationBody(
      { ...registration, address: { kind: 'unix', path: '/run/hello' } },
      'ttl',
      7,
      times,
    );
    expect(body.Address).toBe('unix:/run/hello');
    expect(body.Port).toBeUndefined();
  });
});
