import { type Clock, ConfigError, type Logger, type Random } from '@micromesh/core';
import { consul } from './consul/consul.js';
import type { ConsulOptions } from './consul/consul-options.js';
import { embedded } from './dev-agent/embedded.js';
import { memory } from './memory.js';
import type { Registry } from './registry.js';
import { shownSpec } from './shown-spec.js';
import { type StaticServices, staticRegistry } from './static.js';

/** What a registry that is named by a spec is made with. */
export interface RegistryParts {
  /** Default: the machine's time. */
  readonly clock?: Clock;
  /** Default: `Math.random`. */
  readonly random?: Random;
  /** Default: silent. */
  readonly logger?: Logger;
  /** Where Consul's variables are read from; default `process.env`. */
  readonly env?: Readonly<Record<string, string | undefined>>;
}

const ALLOWED =
  "write 'consul://host:port', 'consul+https://host:port', 'memory:', 'memory:NAME', 'static:hello=host:port,host:port;user=host:port' or 'embedded', or pass a Registry";

const CONSUL_PARAMETERS = ['dc', 'ns', 'partition', 'token', 'stale'];

/**
 * Makes the registry that a spec names; a {@link Registry} is given back as it is.
 *
 * `consul://host:port[,host:port][?dc=..&ns=..&partition=..&token=..&stale=false]` (`consul+https://` for TLS; without a host, the
 * address of CONSUL_HTTP_ADDR), `memory:` (one of its own), `memory:NAME` (one for all who name it in this process),
 * `static:hello=127.0.0.1:5001,127.0.0.1:5002;user=[::1]:5003`, `embedded` (the dev agent of this machine, started where none runs).
 *
 * @throws ConfigError when the spec is none of these; the message says what can be written.
 */
export function registryFrom(spec: string | Registry, parts: RegistryParts = {}): Registry {
  if (typeof spec !== 'string') {
    if (isRegistry(spec)) return spec;
    throw new ConfigError('registry', spec, 'is no registry', ALLOWED);
  }
  const [, kind, rest] = /^([a-z+]+):?(.*)$/s.exec(spec) ?? [];
  switch (kind) {
    case 'consul':
    case 'consul+https':
      return consul({ ...readConsulSpec(spec, kind, rest ?? ''), ...parts });
    case 'memory':
      return memory(memoryOptions(rest ?? '', parts));
    case 'static':
      return staticRegistry(readStaticSpec(spec, rest ?? ''), parts);
    case 'embedded':
      if (rest === '') return embedded(parts);
      throw new ConfigError('registry', shownSpec(spec), 'takes nothing after it', "write 'embedded'");
    default:
      throw new ConfigError('registry', shownSpec(spec), 'is no registry', ALLOWED);
  }
}

function isRegistry(value: unknown): value is Registry {
  return (
    typeof value === 'object' &&
    value !== null &&
    'register' in value &&
    typeof value.register === 'function' &&
    'watch' in value &&
    typeof value.watch === 'function'
  );
}

function memoryOptions(name: string, { clock, logger }: RegistryParts) {
  return {
    ...(name === '' ? {} : { name }),
    ...(clock === undefined ? {} : { clock }),
    ...(logger === undefined ? {} : { logger }),
  };
}

function readConsulSpec(spec: string, kind: 'consul' | 'consul+https', rest: string): ConsulOptions {
  const match = /^(?:\/\/)?([^?/]*)\/?(?:\?(.*))?$/.exec(rest);
  if (match === null) throw new ConfigError('registry', shownSpec(spec), 'is no Consul address', ALLOWED);
  const hosts = (match[1] ?? '').split(',').filter((host) => host !== '');
  const parameters = new URLSearchParams(match[2] ?? '');
  for (const name of parameters.keys()) {
    if (CONSUL_PARAMETERS.includes(name)) continue;
    throw new ConfigError(
      'registry',
      shownSpec(spec),
      // What is no plain word may be a token that was put in the wrong place.
      `has an unknown parameter${/^[\w-]+$/.test(name) ? ` ${name}` : ''}`,
      `it takes ${CONSUL_PARAMETERS.join(', ')}`,
    );
  }
  const scheme = kind === 'consul' ? '' : 'https://';
  const option = (name: string, parameter: string) => {
    const value = parameters.get(parameter);
    return value === null ? {} : { [name]: value };
  };
  return {
    ...(hosts.length === 0 ? {} : { address: hosts.map((host) => scheme + host) }),
    ...option('datacenter', 'dc'),
    ...option('namespace', 'ns'),
    ...option('partition', 'partition'),
    ...option('token', 'token'),
    ...(parameters.has('stale') ? { stale: parameters.get('stale') !== 'false' } : {}),
  };
}

function readStaticSpec(spec: string, rest: string): StaticServices {
  if (rest.includes('?')) {
    throw new ConfigError('registry', shownSpec(spec), 'takes no parameters', "leave out what is after '?'");
  }
  const services: Record<string, string[]> = {};
  for (const part of rest.split(';')) {
    const [, name, list] = /^\s*([^=\s]+)=(.*)$/.exec(part) ?? [];
    if (name === undefined || list === undefined) {
      throw new ConfigError(
        'registry',
        shownSpec(spec),
        'does not name nodes',
        "write 'static:hello=host:port,host:port;user=host:port'",
      );
    }
    services[name] = list
      .split(',')
      .map((address) => address.trim())
      .filter((address) => address !== '');
  }
  return services;
}
