import type { Address } from '@micromesh/core';
import { RegistryError } from '../registry.js';
import type { RegistryEntry } from '../registry-entry.js';
import {
  isObject,
  type JsonObject,
  numberIn,
  objectIn,
  stringIn,
  stringPairsIn,
  stringsIn,
} from './json-shape.js';
import { decodeNodeMeta } from './node-meta.js';

/**
 * Reads the body of `/v1/health/service/NAME`, whoever registered the instances. Instances without an address that can be
 * dialled (no port) are left out.
 *
 * @throws RegistryError when it is not such a body: a page of a proxy, half a body.
 */
export function readHealthAnswer(body: string, from: string): RegistryEntry[] {
  const answer = parseJson(body, from);
  if (!Array.isArray(answer)) throw notAnAnswer(from, 'a list of instances was expected');
  const entries: RegistryEntry[] = [];
  for (const instance of answer) {
    if (!isObject(instance) || !isObject(instance.Service))
      throw notAnAnswer(from, 'an instance has no Service');
    const entry = readInstance(instance, instance.Service);
    if (entry !== undefined) entries.push(entry);
  }
  return entries;
}

/** Parses an answer of an agent. @throws RegistryError when it is no JSON. */
export function parseJson(body: string, from: string): unknown {
  try {
    return JSON.parse(body);
  } catch (error) {
    const page = /^\s*</.test(body);
    throw new RegistryError(
      `${from}: the answer is no JSON${page ? ' but an HTML page; is this a Consul agent?' : ''}`,
      { cause: error },
    );
  }
}

function readInstance(instance: JsonObject, service: JsonObject): RegistryEntry | undefined {
  const address = addressOf(service, objectIn(instance.Node));
  const id = stringIn(service.ID) || stringIn(service.Service);
  if (address === undefined || id === '') return undefined;
  const { startedAtMs, ...meta } = decodeNodeMeta(stringPairsIn(service.Meta), stringsIn(service.Tags));
  const weight = Math.max(1, Math.floor(numberIn(objectIn(service.Weights).Passing)));
  return {
    node: { id, address, weight, version: meta.version, labels: meta.labels, micromesh: meta.micromesh },
    usable: !isCritical(instance.Checks),
    startedAtMs,
    order: numberIn(service.CreateIndex),
  };
}

function addressOf(service: JsonObject, node: JsonObject): Address | undefined {
  const socket = stringIn(service.SocketPath);
  if (socket !== '') return { kind: 'unix', path: socket };
  const host = stringIn(service.Address) || stringIn(node.Address);
  if (host.startsWith('unix:')) return { kind: 'unix', path: host.slice('unix:'.length) };
  const port = numberIn(service.Port);
  if (host === '' || !Number.isInteger(port) || port < 1 || port > 65_535) return undefined;
  return { kind: 'tcp', host, port };
}

// Maintenance, of a service or of its machine, is a critical check as well.
function isCritical(checks: unknown): boolean {
  return Array.isArray(checks) && checks.some((check) => objectIn(check).Status === 'critical');
}

function notAnAnswer(from: string, problem: string): RegistryError {
  return new RegistryError(`${from}: the answer is not one of Consul's health endpoint: ${problem}`);
}
