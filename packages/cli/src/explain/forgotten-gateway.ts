import { ConfigError } from '@micromesh/core';
import type { PolicySet } from '@micromesh/policy';
import { shownSpec } from '@micromesh/registry';
import type { ExplainOptions } from './explain-options.js';

/** What a shell passes on as it is. */
const PLAIN = /^[\w./:@,=+-]+$/;

/**
 * Whether words that are no call may be a request at an HTTP gateway, of which `--gateway` was forgotten. The last names of proto services
 * have capitals, and those of hosts seldom.
 */
export function isLikeRequest(error: unknown, host: string, path: string): error is ConfigError {
  const isOfWords = error instanceof ConfigError && ['SERVICE', 'METHOD'].includes(error.field);
  return isOfWords && path.startsWith('/') && isLikeHost(hostOf(host));
}

function isLikeHost(host: string): boolean {
  const last = host.slice(host.lastIndexOf('.') + 1);
  return last === last.toLowerCase() || host === host.toUpperCase();
}

/**
 * The error of words that are no call, which also says at which gateways they are a request, and with which command that is explained.
 *
 * @param error - what is said of them as a call.
 * @param options - that were given.
 */
export function withGateway(
  error: ConfigError,
  host: string,
  path: string,
  options: ExplainOptions,
  set: PolicySet,
): ConfigError {
  const name = hostOf(host).toLowerCase();
  const gateways = set.gateways.filter(
    (gateway) => (set.atHost(name, gateway) ?? set.dryRunAtHost(name, gateway)) !== undefined,
  );
  const [first] = gateways;
  if (first === undefined) return error;
  const what = `a host of the HTTP ${gateways.length === 1 ? 'gateway' : 'gateways'} ${gateways.join(', ')}`;
  const [port = ''] = /:\d+$/.exec(host) ?? [];
  // Written with its last dot it is none that --gateway takes.
  const sent = `${hostOf(host)}${port}`;
  const command = [...['micromesh', 'explain', sent, path, '--gateway', first], ...optionWords(options)];
  const mend = `add --gateway ${first}: ${command.map(quoted).join(' ')}`;
  return error.field === 'SERVICE'
    ? new ConfigError('SERVICE', host, `is ${what}`, mend)
    : new ConfigError(
        error.field,
        error.value,
        error.problem,
        `${error.mend}; or, as ${host} is ${what}, ${mend}`,
      );
}

/** Without its port, and the dot that ends a name of the internet in full. */
function hostOf(text: string): string {
  return text.replace(/:\d+$/, '').replace(/\.$/, '');
}

/** As they were given, but for a hash key, which goes with calls alone, and secrets of the registry. */
function optionWords({
  header = [],
  from,
  fromNamespace,
  policies = [],
  registry,
  json = false,
}: ExplainOptions): readonly string[] {
  return [
    ...header.flatMap((pair) => ['-H', pair]),
    ...(from === undefined ? [] : ['--from', from]),
    ...(fromNamespace === undefined ? [] : ['--from-namespace', fromNamespace]),
    ...policies.flatMap((place) => ['--policies', place]),
    ...(registry === undefined ? [] : ['--registry', shownSpec(registry)]),
    ...(json ? ['--json'] : []),
  ];
}

function quoted(word: string): string {
  return PLAIN.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
