import { ConfigError, type ServiceKey } from '@micromesh/core';

const PARTS = { dc: 'datacenter', ns: 'namespace', partition: 'partition', peer: 'peer' } as const;

/**
 * Reads a service as messages write it: `hello`, `hello?dc=dc2&ns=shop`.
 *
 * @throws ConfigError when it has no name, or a parameter that is none.
 */
export function parseService(text: string): ServiceKey {
  const [name = '', query = ''] = text.split(/\?(.*)/s);
  const wrong = (problem: string) =>
    new ConfigError('SERVICE', text, problem, "write the registry's name of it: hello, or hello?dc=dc2");
  if (name === '') throw wrong('has no name');
  const key: { -readonly [K in keyof ServiceKey]: ServiceKey[K] } = { name };
  for (const pair of query === '' ? [] : query.split('&')) {
    const [parameter = '', value = ''] = pair.split(/=(.*)/s);
    const part = isPart(parameter) ? PARTS[parameter] : undefined;
    if (part === undefined || value === '')
      throw wrong(`has ${pair}, which is none of dc=, ns=, partition=, peer=`);
    key[part] = value;
  }
  return key;
}

function isPart(name: string): name is keyof typeof PARTS {
  return Object.hasOwn(PARTS, name);
}
