import { ANY, type ServicePattern } from './service-pattern.js';

/** What a host means, or why it means nothing here. */
export type ReadHost =
  | { readonly kind: 'service'; readonly pattern: ServicePattern }
  /** A name of the internet: a gateway may serve it, the registry does not know it. */
  | { readonly kind: 'domain' }
  | { readonly kind: 'unreadable'; readonly message: string; readonly fix: string };

const LABEL = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/i;
const ADDRESS = /^\d{1,3}(\.\d{1,3}){3}$|:/;
const DEFAULT_NAMESPACE = 'default';

/**
 * The one place that maps hosts to services:
 *
 * - `hello`: in the resource's own namespace; `*`: every service
 * - `hello.shop`, `hello.shop.svc`, `hello.shop.svc.cluster.local`, `*.shop`: Kubernetes' names; `*.svc.cluster.local`: every service
 * - `hello.service.consul`, `hello.service.dc2.consul`, `hello.service.shop.ns.part.ap.dc2.dc.consul`, `hello.service.eu.peer.consul`:
 *   Consul's DNS names; with `*` for the name too
 *
 * The namespace `default` is the one that a ServiceKey without a namespace means.
 *
 * @param namespace - the resource's `metadata.namespace`.
 */
export function readHost(host: string, namespace?: string): ReadHost {
  const labels = host.split('.');
  const [name = '', ...rest] = labels;
  if (host === ANY) return service({ name: ANY, namespace: ANY, datacenter: ANY, partition: ANY, peer: ANY });
  if (ADDRESS.test(host)) {
    return unreadable(`${host} is an address`, 'name the service: the registry knows its addresses');
  }
  if (rest.some((label) => !LABEL.test(label)) || !(name === ANY || LABEL.test(name))) return noHost(host);
  if (rest.length === 0) return service({ name, ...namespaceOf(namespace) });
  if (labels.at(-1)?.toLowerCase() === 'consul') return consulHost(host, name, rest.slice(0, -1));
  if (name === ANY && rest.join('.').toLowerCase() === 'svc.cluster.local')
    return service({ name, namespace: ANY });
  return kubernetesHost(name, rest);
}

function kubernetesHost(name: string, rest: readonly string[]): ReadHost {
  const [namespace = '', ...suffix] = rest;
  if (!['', 'svc', 'svc.cluster.local'].includes(suffix.join('.').toLowerCase())) return { kind: 'domain' };
  return service({ name, ...namespaceOf(namespace) });
}

/** `hello.service`, then pairs: `NAMESPACE.ns`, `PARTITION.ap`, `PEER.peer`, `DC.dc`, or a datacenter alone. */
function consulHost(host: string, name: string, rest: readonly string[]): ReadHost {
  const [word = '', ...places] = rest;
  if (word.toLowerCase() !== 'service') {
    return unreadable(
      `${host} is none of Consul's names of a service`,
      'write NAME.service.consul or NAME.service.DATACENTER.consul; tags are labels of a subset',
    );
  }
  if (places.length === 1) return service({ name, datacenter: places[0] ?? '' });
  const pattern: {
    name: string;
    datacenter?: string;
    namespace?: string;
    partition?: string;
    peer?: string;
  } = { name };
  for (let at = 0; at < places.length; at += 2) {
    const value = places[at] ?? '';
    const kind = places[at + 1]?.toLowerCase();
    if (kind === 'dc') pattern.datacenter = value;
    else if (kind === 'ns') pattern.namespace = value;
    else if (kind === 'ap') pattern.partition = value;
    else if (kind === 'peer') pattern.peer = value;
    else return noHost(host);
  }
  return service(withoutDefault(pattern));
}

function withoutDefault(pattern: ServicePattern): ServicePattern {
  const { namespace, ...others } = pattern;
  return { ...others, ...namespaceOf(namespace) };
}

function namespaceOf(namespace: string | undefined): { readonly namespace?: string } {
  return namespace === undefined || namespace === DEFAULT_NAMESPACE ? {} : { namespace };
}

function service(pattern: ServicePattern): ReadHost {
  return { kind: 'service', pattern };
}

function unreadable(message: string, fix: string): ReadHost {
  return { kind: 'unreadable', message, fix };
}

function noHost(host: string): ReadHost {
  return unreadable(
    `${JSON.stringify(host)} is no host`,
    'write NAME, NAME.NAMESPACE, NAME.NAMESPACE.svc.cluster.local or NAME.service.DATACENTER.consul; * stands for the whole name only',
  );
}
