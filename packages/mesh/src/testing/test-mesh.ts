import {
  InMemoryTransport,
  type RecordedAttempt,
  ScriptedRegistry,
  testNode,
} from '@micromesh/client/testing';
import { type ServiceNode, seededRandom, silentLogger, toServiceKey } from '@micromesh/core';
import { FakeClock } from '@micromesh/core/testing';
import { createMesh, type Mesh } from '../create-mesh.js';
import type { MeshOptions } from '../mesh-options.js';
import { TestNode } from './test-node.js';

/** How a test mesh is made: as a mesh, but for what it brings itself. */
export interface TestMeshOptions extends Omit<MeshOptions, 'registry' | 'transport' | 'clock' | 'random'> {
  /** Of chance; default 1. Equal seeds give equal runs. */
  readonly seed?: number;
}

/** A mesh in memory: scripted nodes, a clock that stands until it is moved, and a record of every attempt. */
export class TestMesh {
  readonly clock = new FakeClock();
  readonly mesh: Mesh;
  readonly #transport = new InMemoryTransport(this.clock);
  readonly #registry = new ScriptedRegistry();
  readonly #nodes = new Map<string, ServiceNode[]>();

  constructor({ seed = 1, ...options }: TestMeshOptions) {
    this.mesh = createMesh({
      logger: silentLogger,
      ...options,
      registry: this.#registry,
      transport: this.#transport,
      clock: this.clock,
      random: seededRandom(seed),
    });
  }

  /** Every attempt that reached a node, in order. */
  get attempts(): readonly RecordedAttempt[] {
    return this.#transport.attempts;
  }

  /**
   * Registers a node of a service.
   *
   * @param id - unique in the mesh; default the service's name and a number.
   */
  addNode(
    service: string,
    id?: string,
    own: Partial<Pick<ServiceNode, 'version' | 'labels' | 'weight'>> = {},
  ): TestNode {
    const nodes = this.#nodes.get(service) ?? [];
    const nodeId = id ?? `${service}-${nodes.length + 1}`;
    this.#show(service, [...nodes, testNode(nodeId, own)]);
    return new TestNode(this.#transport.node(nodeId));
  }

  /** Takes a node out of the registry; its process lives on. */
  removeNode(service: string, id: string): void {
    this.#show(
      service,
      (this.#nodes.get(service) ?? []).filter((node) => node.id !== id),
    );
  }

  /** The registry does not answer any more: the last snapshot is stale, or nothing is known at all. */
  failRegistry(service: string, error = 'connect ECONNREFUSED'): void {
    const key = toServiceKey(service);
    const nodes = this.#nodes.get(service);
    this.#registry.tell(
      key,
      nodes === undefined
        ? { kind: 'unknown', error }
        : { kind: 'stale', snapshot: { service: key, nodes }, error },
    );
  }

  /** Lets what is ready happen, then `ms` pass. */
  advance(ms: number): Promise<void> {
    return this.clock.advance(ms);
  }

  /** Ends the mesh. */
  close(): Promise<void> {
    return this.mesh.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #show(service: string, nodes: ServiceNode[]): void {
    this.#nodes.set(service, nodes);
    this.#registry.show(toServiceKey(service), nodes);
  }
}

/**
 * Makes a mesh in memory, for tests of code that calls services.
 *
 * @throws ConfigError for options that cannot be.
 */
export function createTestMesh(options: TestMeshOptions = {}): TestMesh {
  return new TestMesh(options);
}
