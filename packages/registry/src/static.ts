import {
  ConfigError,
  formatAddress,
  formatServiceKey,
  type Logger,
  listOf,
  parseAddress,
  type ServiceKey,
  silentLogger,
  textValue,
  valuesByName,
} from '@micromesh/core';
import type { Registered, Registration, Registry, ServiceSummary, ServiceWatch } from './registry.js';
import { type RegistryEntry, snapshotOf } from './registry-entry.js';
import { type ServiceWatches, serviceWatches } from './watched-service.js';

/** Addresses by service name: `{ hello: ['10.0.0.1:80', '[::1]:80', 'unix:/run/hello'] }`. */
export type StaticServices = Readonly<Record<string, readonly string[]>>;

const EXAMPLE = "addresses by service name: { hello: ['127.0.0.1:5001'] }";
const checkServices = valuesByName(listOf(textValue, "addresses: ['127.0.0.1:5001']"), EXAMPLE);

/**
 * A registry that is a list: it never changes and takes no registrations. A service that is not in it has no node.
 *
 * @throws ConfigError when there is no list of addresses by name, or an address is none.
 */
export function staticRegistry(
  services: StaticServices,
  options: { readonly logger?: Logger } = {},
): Registry {
  checkServices('static', services);
  const entries = new Map<string, readonly RegistryEntry[]>();
  for (const [name, addresses] of Object.entries(services)) {
    if (name === '') {
      throw new ConfigError('static', name, 'is no service name', 'name the service of each list');
    }
    if (addresses.length === 0) {
      throw new ConfigError(`static.${name}`, addresses, 'is no list of addresses', 'give at least one');
    }
    entries.set(
      name,
      addresses.map((text, order) => entryOf(name, text, order)),
    );
  }
  return new StaticRegistry(entries, options.logger ?? silentLogger);
}

function entryOf(name: string, text: string, order: number): RegistryEntry {
  const address = parseAddress(text, `static.${name}`);
  if (address.kind === 'tcp' && address.port === 0) {
    throw new ConfigError(`static.${name}`, text, 'has no port', 'give the port that the node listens on');
  }
  const id = `${name}@${formatAddress(address)}`;
  return { node: { id, address, version: '', labels: {}, weight: 1, micromesh: false }, usable: true, order };
}

class StaticRegistry implements Registry {
  readonly description = 'static';
  readonly #entries: ReadonlyMap<string, readonly RegistryEntry[]>;
  readonly #watches: ServiceWatches;

  constructor(entries: ReadonlyMap<string, readonly RegistryEntry[]>, logger: Logger) {
    this.#entries = entries;
    this.#watches = serviceWatches(this.description, logger, (watched) => {
      const { service } = watched;
      watched.current(snapshotOf(service, entries.get(formatServiceKey(service)) ?? []));
      return () => {};
    });
  }

  register(registration: Registration): Promise<Registered> {
    return Promise.reject(
      new ConfigError(
        'registry',
        this.description,
        `is a fixed list and takes no registration of ${formatServiceKey(registration.service)}`,
        'start the server with `register: false`, or use consul://, embedded or memory:',
      ),
    );
  }

  watch(service: ServiceKey): ServiceWatch {
    return this.#watches.open(service);
  }

  async services(): Promise<readonly ServiceSummary[]> {
    return [...this.#entries.keys()].sort().map((name) => ({ service: { name }, tags: [] }));
  }

  async close(): Promise<void> {
    this.#watches.closeAll();
  }
}
