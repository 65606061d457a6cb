import type { Address } from '@micromesh/core';
import { readableTags } from '../readable-tags.js';
import type { Registration } from '../registry.js';
import { hostInUrl } from './agent-address.js';
import type { CheckKind } from './check-kind.js';
import type { ConsulSettings } from './consul-options.js';
import type { JsonObject } from './json-shape.js';
import { encodeNodeMeta } from './node-meta.js';

/** The times that a registration is written with. */
export type CheckTimes = Pick<ConsulSettings, 'ttlMs' | 'checkIntervalMs' | 'deregisterCriticalAfterMs'>;

/** The id of a node's one check: what Consul itself calls the only check of a service. */
export function checkIdOf(id: string): string {
  return `service:${id}`;
}

/**
 * The body of `PUT /v1/agent/service/register`. The `consul` package would drop Weights.
 *
 * @throws ConfigError when a label's name is too long for Consul.
 */
export function registrationBody(
  registration: Registration,
  check: CheckKind,
  startedAtMs: number,
  times: CheckTimes,
): JsonObject {
  const { service, id, address, version, labels, weight } = registration;
  return {
    ID: id,
    Name: service.name,
    ...(service.partition === undefined ? {} : { Partition: service.partition }),
    Tags: readableTags(version, labels),
    Meta: encodeNodeMeta(registration, startedAtMs),
    ...place(address),
    Weights: { Passing: weight, Warning: 1 },
    EnableTagOverride: false,
    Check: {
      CheckID: checkIdOf(id),
      Name: check === 'ttl' ? 'heartbeat of the node' : 'grpc.health.v1 of the node',
      Status: 'passing',
      DeregisterCriticalServiceAfter: duration(times.deregisterCriticalAfterMs),
      ...(check === 'ttl' ? { TTL: duration(times.ttlMs) } : grpcCheck(address, times)),
    },
  };
}

function place(address: Address): JsonObject {
  // Agents before 1.10 know no SocketPath, so the address says it.
  if (address.kind === 'unix') return { Address: `unix:${address.path}` };
  return { Address: address.host, Port: address.port };
}

function grpcCheck(address: Address, times: CheckTimes): JsonObject {
  const target =
    address.kind === 'unix' ? `unix:${address.path}` : `${hostInUrl(address.host)}:${address.port}`;
  return {
    GRPC: target,
    Interval: duration(times.checkIntervalMs),
    Timeout: duration(times.checkIntervalMs),
  };
}

function duration(ms: number): string {
  return `${Math.round(ms)}ms`;
}
