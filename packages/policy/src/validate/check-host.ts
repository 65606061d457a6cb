import type { ServiceKey } from '@micromesh/core';
import { readHost } from '../hosts/read-host.js';
import { exactService, type ServicePattern } from '../hosts/service-pattern.js';
import type { FieldPath } from '../problem.js';
import type { Finder } from './finder.js';

/** What a host means; what is none, or a name of the internet, is found. */
export function checkHost(
  host: string,
  namespace: string | undefined,
  path: FieldPath,
  find: Finder,
): ServicePattern | undefined {
  const read = readHost(host, namespace);
  if (read.kind === 'service') return read.pattern;
  if (read.kind === 'unreadable') find.error(path, read.message, read.fix);
  else {
    find.error(
      path,
      `${host} is a name of the internet, not of a service in the registry`,
      'write the name that the service is registered under',
    );
  }
  return undefined;
}

/** The one service that a host means; a host of several is found. */
export function checkExactHost(
  host: string,
  namespace: string | undefined,
  path: FieldPath,
  find: Finder,
): ServiceKey | undefined {
  const pattern = checkHost(host, namespace, path, find);
  if (pattern === undefined) return undefined;
  const service = exactService(pattern);
  if (service === undefined)
    find.error(path, `${host} stands for several services`, 'name the one that calls go to');
  return service;
}
