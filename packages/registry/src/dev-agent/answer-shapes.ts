import type { Instance, Row } from './catalog.js';
import type { KvEntry } from './kv-store.js';
import { MODELLED_VERSION, type NodeIdentity } from './node-identity.js';
import type { CheckEntry, ServiceEntry } from './service-entry.js';

const NO_PROXY = { MeshGateway: {}, Expose: {} };
/** When the node's own rows were written, in a fresh Consul. */
const NODE_INDEXES = { CreateIndex: 10, ModifyIndex: 10 };

/** An entry of `agent/services`, and `agent/service/:id`. */
export function agentServiceShape(service: ServiceEntry): Record<string, unknown> {
  return {
    ID: service.id,
    Service: service.name,
    Tags: service.tags,
    Meta: service.meta ?? {},
    Port: service.port,
    Address: service.address,
    ...omitEmpty('TaggedAddresses', service.taggedAddresses),
    Weights: service.weights,
    EnableTagOverride: service.enableTagOverride,
  };
}

/** An entry of `agent/checks`, and of the checks in `health/service`. */
export function checkShape(
  check: CheckEntry,
  node: NodeIdentity,
  { createIndex, modifyIndex }: { readonly createIndex: number; readonly modifyIndex: number },
): Record<string, unknown> {
  return {
    Node: node.name,
    CheckID: check.id,
    Name: check.name,
    Status: check.status,
    Notes: check.notes,
    Output: check.output,
    ServiceID: check.serviceId,
    ServiceName: check.serviceName,
    ServiceTags: check.serviceTags,
    Type: check.type,
    Definition: {},
    CreateIndex: createIndex,
    ModifyIndex: modifyIndex,
  };
}

/** An entry of `catalog/service/:name`. */
export function catalogServiceShape(row: Row<ServiceEntry>, node: NodeIdentity): Record<string, unknown> {
  const service = row.value;
  return {
    ID: node.id,
    Node: node.name,
    Address: node.address,
    Datacenter: node.datacenter,
    TaggedAddresses: nodeAddresses(node),
    NodeMeta: { 'consul-network-segment': '' },
    ServiceKind: '',
    ServiceID: service.id,
    ServiceName: service.name,
    ServiceTags: service.tags,
    ServiceAddress: service.address,
    ...omitEmpty('ServiceTaggedAddresses', service.taggedAddresses),
    ServiceWeights: service.weights,
    ServiceMeta: service.meta ?? {},
    ServicePort: service.port,
    ServiceEnableTagOverride: service.enableTagOverride,
    ServiceProxy: NO_PROXY,
    ServiceConnect: {},
    CreateIndex: row.createIndex,
    ModifyIndex: row.modifyIndex,
  };
}

/** An entry of `health/service/:name`. */
export function healthShape({ service: row, checks }: Instance, node: NodeIdentity): Record<string, unknown> {
  const service = row.value;
  return {
    Node: {
      ID: node.id,
      Node: node.name,
      Address: node.address,
      Datacenter: node.datacenter,
      TaggedAddresses: nodeAddresses(node),
      Meta: { 'consul-network-segment': '' },
      ...NODE_INDEXES,
    },
    Service: {
      ...agentServiceShape(service),
      Meta: service.meta ?? null,
      Proxy: NO_PROXY,
      Connect: {},
      CreateIndex: row.createIndex,
      ModifyIndex: row.modifyIndex,
    },
    Checks: checks.map((check) => checkShape(check.value, node, check)),
  };
}

/** An entry of `kv`. */
export function kvShape(entry: KvEntry): Record<string, unknown> {
  return {
    LockIndex: 0,
    Key: entry.key,
    Flags: entry.flags,
    Value: entry.value.length === 0 ? null : entry.value.toString('base64'),
    CreateIndex: entry.createIndex,
    ModifyIndex: entry.modifyIndex,
  };
}

/** `agent/self`, with a part that says what this is. */
export function selfShape(node: NodeIdentity): Record<string, unknown> {
  return {
    Config: {
      Datacenter: node.datacenter,
      NodeName: node.name,
      NodeID: node.id,
      Revision: '',
      Server: true,
      Version: MODELLED_VERSION,
    },
    Member: {
      Name: node.name,
      Addr: node.address,
      Port: node.port,
      Tags: { build: `${MODELLED_VERSION}:`, dc: node.datacenter, id: node.id, role: 'consul' },
      Status: 1,
    },
    Meta: { 'consul-network-segment': '' },
    MicromeshDevAgent: { pid: process.pid, outboundChecks: false },
  };
}

/** What Consul registers of itself, so that `catalog/services` is never empty. */
export function ownService(node: NodeIdentity): ServiceEntry {
  return {
    id: 'consul',
    name: 'consul',
    tags: [],
    meta: { version: MODELLED_VERSION },
    address: '',
    port: node.port,
    taggedAddresses: {},
    weights: { Passing: 1, Warning: 1 },
    enableTagOverride: false,
  };
}

/** The check that Consul's gossip gives the node. */
export const SERF_CHECK: CheckEntry = {
  id: 'serfHealth',
  name: 'Serf Health Status',
  status: 'passing',
  notes: '',
  output: 'Agent alive and reachable',
  serviceId: '',
  serviceName: '',
  serviceTags: [],
  type: '',
};

function nodeAddresses({ address }: NodeIdentity): Record<string, string> {
  const kind = address.includes(':') ? 'ipv6' : 'ipv4';
  return { lan: address, [`lan_${kind}`]: address, wan: address, [`wan_${kind}`]: address };
}

function omitEmpty(name: string, value: object): Record<string, unknown> {
  return Object.keys(value).length === 0 ? {} : { [name]: value };
}
