/**
 * Which service, fully said. A bare name means the local datacenter, the default namespace and partition.
 */
export interface ServiceKey {
  readonly name: string;
  readonly datacenter?: string;
  readonly namespace?: string;
  readonly partition?: string;
  readonly peer?: string;
}

/** Gives the key for a name, or the key itself. */
export function toServiceKey(service: string | ServiceKey): ServiceKey {
  return typeof service === 'string' ? { name: service } : service;
}

/**
 * One string a key, for maps and messages: `hello`, `hello?dc=dc2&ns=shop`.
 */
export function formatServiceKey(key: ServiceKey): string {
  const parts: string[] = [];
  if (key.datacenter !== undefined) parts.push(`dc=${key.datacenter}`);
  if (key.namespace !== undefined) parts.push(`ns=${key.namespace}`);
  if (key.partition !== undefined) parts.push(`partition=${key.partition}`);
  if (key.peer !== undefined) parts.push(`peer=${key.peer}`);
  return parts.length === 0 ? key.name : `${key.name}?${parts.join('&')}`;
}
