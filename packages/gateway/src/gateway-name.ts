import { ConfigError, nameValue } from '@micromesh/core';

/** Istio's word for the calls of processes, which come by no gateway. */
const MESH = 'mesh';

const PART = '[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?';
const NAME = new RegExp(`^(?:${PART}/)?${PART}$`);

/**
 * Refuses what the `gateways` of a VirtualService cannot mean a gateway by.
 *
 * @throws ConfigError naming the field, the value and the fix.
 */
export function checkGatewayName(field: string, value: unknown): void {
  nameValue(field, value);
  if (value === MESH) {
    throw new ConfigError(
      field,
      value,
      'means the calls of processes',
      "give the gateway another name: 'web'",
    );
  }
  if (typeof value === 'string' && NAME.test(value)) return;
  const mend = "give lower-case letters, digits, - and . with a namespace or without: 'web', 'shop/web'";
  throw new ConfigError(field, value, 'is no name of a resource', mend);
}
