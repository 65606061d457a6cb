import { ConfigError } from '@micromesh/core';
import type { PolicySet } from '@micromesh/policy';

/** What a shell passes on as it is. */
const PLAIN = /^[\w./:@-]+$/;

/**
 * Whether words that are no call may be a request at an HTTP gateway, of which `--gateway` was forgotten. Names of proto services have
 * capitals, and hosts seldom.
 */
export function isLikeRequest(error: unknown, host: string, path: string): error is ConfigError {
  const isOfWords = error instanceof ConfigError && ['SERVICE', 'METHOD'].includes(error.field);
  return isOfWords && path.startsWith('/') && host === host.toLowerCase();
}

/**
 * The error of words that are no call, which also says at which gateways they are a request.
 *
 * @param error - what is said of them as a call.
 */
export function withGateway(error: ConfigError, host: string, path: string, set: PolicySet): ConfigError {
  const name = host.replace(/:\d+$/, '');
  const gateways = set.gateways.filter(
    (gateway) => (set.atHost(name, gateway) ?? set.dryRunAtHost(name, gateway)) !== undefined,
  );
  const [first] = gateways;
  if (first === undefined) return error;
  const what = `a host of the HTTP ${gateways.length === 1 ? 'gateway' : 'gateways'} ${gateways.join(', ')}`;
  const shown = PLAIN.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`;
  const mend = `add --gateway ${first}: micromesh explain ${host} ${shown} --gateway ${first}`;
  return error.field === 'SERVICE'
    ? new ConfigError('SERVICE', host, `is ${what}`, mend)
    : new ConfigError(
        error.field,
        error.value,
        error.problem,
        `${error.mend}; or, as ${host} is ${what}, ${mend}`,
      );
}
