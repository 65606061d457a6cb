import { type Address, ConfigError, checkInteger, formatAddress } from '@micromesh/core';
import type { Registration } from './registry.js';

const DNS_LABEL = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/i;
const ID = /^[a-z0-9._:-]{1,128}$/i;
const ANY_HOST = new Set(['', '0.0.0.0', '::', '*']);
const CHECKS = new Set(['auto', 'grpc', 'ttl']);
const MAX_WEIGHT = 65_535;
const MAX_VALUE_BYTES = 512;

/** Labels a node may have: Consul holds 64 pairs, and micromesh writes a few of its own. */
export const MAX_LABELS = 56;

/**
 * The same rules for every registry, so that what runs in memory runs on Consul.
 *
 * @throws ConfigError when a name, id, address, label or weight is one that Consul cannot hold, or that nobody could use.
 */
export function checkRegistration(registration: Registration): void {
  const { service, id, address, version, labels, weight, check } = registration;
  if (!DNS_LABEL.test(service.name)) {
    throw new ConfigError(
      'service',
      service.name,
      'is no service name',
      'give a DNS label: 1 to 63 letters, digits and hyphens, no hyphen at either end',
    );
  }
  if (!ID.test(id)) {
    throw new ConfigError('id', id, 'is no node id', 'give 1 to 128 letters, digits and any of . _ : -');
  }
  checkReachable(address);
  checkValue('version', version);
  checkInteger('weight', weight, 1);
  if (weight > MAX_WEIGHT) {
    throw new ConfigError('weight', weight, 'is out of range', `give a whole number from 1 to ${MAX_WEIGHT}`);
  }
  if (!CHECKS.has(check)) {
    throw new ConfigError('check', check, 'is no kind of check', 'give auto, grpc or ttl');
  }
  const names = Object.keys(labels);
  if (names.length > MAX_LABELS) {
    throw new ConfigError('labels', names.length, 'are too many labels', `give at most ${MAX_LABELS}`);
  }
  for (const name of names) {
    if (name === '' || !isText(name)) {
      throw new ConfigError('labels', name, 'is no label name', 'give each label a name');
    }
    checkValue(`labels.${name}`, labels[name]);
  }
}

function checkReachable(address: Address): void {
  if (address.kind === 'unix') return;
  if (ANY_HOST.has(address.host)) {
    throw new ConfigError(
      'address',
      formatAddress(address),
      'is no address that a client can reach',
      'advertise the address of one interface',
    );
  }
  if (!Number.isInteger(address.port) || address.port < 1 || address.port > 65_535) {
    throw new ConfigError(
      'address',
      formatAddress(address),
      'has no port that a client can reach',
      'register after the server listens, with the port that it has',
    );
  }
}

function checkValue(field: string, value: unknown): void {
  if (typeof value !== 'string' || !isText(value)) {
    throw new ConfigError(field, value, 'is no text', 'give a string');
  }
  if (Buffer.byteLength(value) > MAX_VALUE_BYTES) {
    throw new ConfigError(
      field,
      `${value.slice(0, 20)}...`,
      'is too long',
      `give at most ${MAX_VALUE_BYTES} bytes`,
    );
  }
}

// Half a surrogate pair would come back as another character.
function isText(text: string): boolean {
  return Buffer.from(text).toString() === text;
}

/** The error for an id that is registered already. */
export function idIsTaken(id: string, where: string): ConfigError {
  return new ConfigError(
    'id',
    id,
    `is registered already (${where})`,
    'give each instance an id of its own, or deregister the other first',
  );
}
