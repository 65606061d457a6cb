import { join } from 'node:path';
import type { ServerOptions } from '@grpc/grpc-js';
import type { NodeSetting } from '../process/node-setting.js';
import { MESH_SERVICE, PLAIN_SERVICE } from '../service/ledger.js';
import { freePort } from './free-port.js';
import type { Janitor } from './janitor.js';
import type { NetworkNamespace } from './network-namespace.js';
import { NodePart } from './node-part.js';
import { enrol, type StageRegistry, strikeOff } from './stage-registry.js';

/** What a fleet stands on. */
export interface FleetParts {
  readonly registry: StageRegistry;
  readonly janitor: Janitor;
  readonly folder: string;
  readonly channelOptions: ServerOptions;
}

/** The nodes of one kind: micromesh servers, which register themselves, or plain grpc-js servers, which somebody else enters. */
export class Fleet {
  readonly service: string;
  /** All that were ever started. */
  readonly nodes: NodePart[] = [];
  readonly #kind: NodeSetting['kind'];
  readonly #parts: FleetParts;
  readonly #enrolled = new Set<string>();

  constructor(kind: NodeSetting['kind'], parts: FleetParts) {
    this.#kind = kind;
    this.#parts = parts;
    this.service = kind === 'mesh' ? MESH_SERVICE : PLAIN_SERVICE;
  }

  /**
   * Starts nodes at free addresses; resolves when all serve and are in the registry.
   *
   * @param namespace - where the first of them goes; default: our network.
   */
  async start(count: number, namespace?: NetworkNamespace): Promise<void> {
    const ports = await Promise.all(Array.from({ length: count }, freePort));
    await Promise.all(
      ports.map((port, index) => {
        const apart = index === 0 ? namespace : undefined;
        return this.startAt(`${apart?.host ?? '127.0.0.1'}:${port}`, apart);
      }),
    );
  }

  /** Starts one node. */
  async startAt(address: string, namespace?: NetworkNamespace): Promise<void> {
    const { registry, janitor, folder, channelOptions } = this.#parts;
    const id = `${this.#kind}-${this.nodes.length + 1}`;
    // From a network of its own a node does not reach the registry on our loopback.
    const registersItself = this.#kind === 'mesh' && namespace === undefined;
    const node = new NodePart(
      {
        kind: this.#kind,
        id,
        listen: address,
        registry: registersItself ? registry.url : undefined,
        effectsFile: join(folder, `${id}.effects`),
        channelOptions,
      },
      janitor,
      namespace?.name,
    );
    this.nodes.push(node);
    await node.serving();
    if (registersItself) return;
    await enrol(registry.agent, this.service, id, address);
    this.#enrolled.add(id);
  }

  /** SIGTERM; who is entered by somebody else is taken out by him, first. */
  async retire(node: NodePart): Promise<void> {
    if (this.#enrolled.has(node.id)) await strikeOff(this.#parts.registry.agent, node.id);
    node.terminate();
  }

  /** Ends all; resolves when they are gone. */
  async end(): Promise<void> {
    await Promise.all(this.nodes.map((node) => node.end()));
  }
}
