import { join } from 'node:path';
import type { ServerOptions } from '@grpc/grpc-js';
import { freePorts, type Guardian, type NetworkNamespace, type RegistryPart } from '@micromesh/cli/stage';
import type { NodeSetting } from '../process/node-setting.js';
import { allEnded } from './all-ended.js';
import { NodePart } from './node-part.js';

/** What a fleet stands on. */
export interface FleetParts {
  readonly registry: RegistryPart;
  readonly guardian: Guardian;
  readonly folder: string;
  readonly channelOptions: ServerOptions;
}

/** The nodes of one kind: micromesh servers, which register themselves, or plain grpc-js servers, which somebody else enters. */
export class Fleet {
  /** Its name in the registry. */
  readonly service: string;
  /** All that were ever started. */
  readonly nodes: NodePart[] = [];
  readonly #kind: NodeSetting['kind'];
  readonly #parts: FleetParts;
  /** Those that somebody else enters into the registry. */
  readonly #enrolled = new Set<string>();
  readonly #held: NodePart[] = [];

  constructor(kind: NodeSetting['kind'], service: string, parts: FleetParts) {
    this.#kind = kind;
    this.#parts = parts;
    this.service = service;
  }

  /**
   * Starts the processes of nodes that do not serve yet; to start one costs a machine more than to serve, and none of that is
   * to fall on the calls meanwhile.
   */
  async holdBack(addresses: readonly string[]): Promise<void> {
    const held = addresses.map((address) => this.#create(address));
    this.#held.push(...held);
    await allEnded(held.map((node) => node.ready()));
  }

  /** The nodes that were held back serve; resolves when they are in the registry. */
  async letGo(): Promise<void> {
    await allEnded(this.#held.splice(0).map((node) => this.#enter(node)));
  }

  /**
   * Starts nodes at free addresses; resolves when all serve and are in the registry.
   *
   * @param namespace - where the first of them goes; default: our network.
   */
  async start(count: number, namespace?: NetworkNamespace): Promise<void> {
    const ports = await freePorts(count);
    await allEnded(
      ports.map((port, index) => {
        const apart = index === 0 ? namespace : undefined;
        const node = this.#create(`${apart?.host ?? '127.0.0.1'}:${port}`, apart);
        return node.ready().then(() => this.#enter(node));
      }),
    );
  }

  #create(address: string, namespace?: NetworkNamespace): NodePart {
    const { registry, guardian, folder, channelOptions } = this.#parts;
    const id = `${this.service}-${this.nodes.length + 1}`;
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
      guardian,
      namespace?.launcher,
    );
    if (!registersItself) this.#enrolled.add(id);
    this.nodes.push(node);
    return node;
  }

  async #enter(node: NodePart): Promise<void> {
    await node.serve();
    if (!this.#enrolled.has(node.id)) return;
    const { id, address } = node;
    await this.#parts.registry.enrol(this.service, { id, address, micromesh: this.#kind === 'mesh' });
  }

  /** SIGTERM; who is entered by somebody else is taken out by him, first. */
  async retire(node: NodePart): Promise<void> {
    if (this.#enrolled.has(node.id)) await this.#parts.registry.strikeOff(node.id);
    node.terminate();
  }

  /** Ends all; resolves when they are gone. */
  async end(): Promise<void> {
    await Promise.all(this.nodes.map((node) => node.end()));
  }
}
