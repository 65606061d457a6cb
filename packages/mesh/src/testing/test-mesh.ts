import {
  InMemoryTransport,
  type RecordedAttempt,
  ScriptedRegistry,
  testNode,
} from '@micromesh/client/testing';
import {
  ConfigError,
  checkOptionNames,
  type Logger,
  nearestName,
  type Random,
  type ServiceNode,
  seededRandom,
  silentLogger,
  toServiceKey,
} from '@micromesh/core';
import { FakeClock } from '@micromesh/core/testing';
import { ActiveCalls, CallLogger, PolicyLimits, runHandler } from '@micromesh/server/testing';
import { joinMesh, type Mesh } from '../create-mesh.js';
import type { MeshOptions } from '../mesh-options.js';
import type { MeshPolicies } from '../mesh-policies.js';
import { ServerlessMesh } from './serverless-mesh.js';
import { TestNode } from './test-node.js';

/** How a test mesh is made: as a mesh, but for what it brings itself. */
export interface TestMeshOptions extends Omit<MeshOptions, 'registry' | 'transport' | 'clock' | 'random'> {
  /** Of chance; default 1. Equal seeds give equal runs. */
  readonly seed?: number;
}

/** What a node says of itself in the registry. */
type NodeFacts = Partial<Pick<ServiceNode, 'version' | 'labels' | 'weight'>>;

/** Nodes in the test's process do not stand still unnoticed: a freeze is what the test says. */
const NO_STALLS = { stalls: 0, unsettled: false };

/**
 * A mesh in memory: nodes that serve or do what a script says, a clock that stands until it is moved, and a record of every
 * attempt. A service without nodes is known to be empty: calls to it fail at once.
 */
export class TestMesh {
  readonly clock = new FakeClock();
  /** For the code under test: clients and channels as of any mesh; its `server` refuses, see {@link addNode}. */
  readonly mesh: Mesh;
  readonly #logger: Logger;
  readonly #policies: MeshPolicies | undefined;
  readonly #random: Random;
  readonly #transport = new InMemoryTransport(this.clock);
  readonly #registry = new ScriptedRegistry('empty');
  readonly #services = new Map<string, ServiceNode[]>();
  readonly #nodes = new Map<string, TestNode>();

  constructor({ seed = 1, ...options }: TestMeshOptions) {
    checkOwnParts(options);
    this.#logger = options.logger ?? silentLogger;
    // Of the nodes' own, so that what they draw moves no draw of the clients.
    this.#random = seededRandom(seed);
    const mesh = joinMesh({
      ...options,
      logger: this.#logger,
      registry: this.#registry,
      transport: this.#transport,
      clock: this.clock,
      random: seededRandom(seed),
    });
    this.#policies = mesh.policies;
    this.mesh = new ServerlessMesh(mesh);
  }

  /** Every attempt that reached a node, in order. */
  get attempts(): readonly RecordedAttempt[] {
    return this.#transport.attempts;
  }

  /**
   * Registers a node of a service.
   *
   * @param id - unique in the mesh; default the service's name and a number.
   * @throws ConfigError for an id that a node has, or a fact that there is not.
   */
  addNode(service: string, id?: string, own: NodeFacts = {}): TestNode {
    checkOptionNames('addNode', own, ['version', 'labels', 'weight']);
    const nodeId = id ?? this.#freeId(service);
    if (this.#nodes.has(nodeId)) {
      throw new ConfigError('addNode id', nodeId, 'is taken', 'give another: each instance has its own');
    }
    const key = toServiceKey(service);
    const parts = { service: key, clock: this.clock, random: this.#random };
    const node = new TestNode(this.#transport.node(nodeId), {
      service: key,
      clock: this.clock,
      logger: new CallLogger(this.#logger, { service, nodeId }),
      stalls: NO_STALLS,
      active: new ActiveCalls(),
      ...(this.#policies && { policyLimits: new PolicyLimits(this.#policies, parts) }),
      serve: runHandler,
    });
    this.#nodes.set(nodeId, node);
    this.#show(service, [...this.#nodesOf(service), testNode(nodeId, own)]);
    return node;
  }

  /**
   * Takes a node out of the registry; its process lives on.
   *
   * @throws ConfigError when the service has no such node.
   */
  removeNode(service: string, id: string): void {
    const nodes = this.#nodesOf(service);
    const left = nodes.filter((node) => node.id !== id);
    if (left.length === nodes.length) {
      const ids = nodes.map((node) => node.id);
      const near = nearestName(id, ids);
      const mend = near === undefined ? `it has ${ids.join(', ') || 'none'}` : `did you mean ${near}?`;
      throw new ConfigError('removeNode id', id, `is no node of ${service}`, mend);
    }
    this.#show(service, left);
  }

  /** The registry does not answer any more: the last snapshot is stale, or nothing is known at all. */
  failRegistry(service: string, error = 'connect ECONNREFUSED'): void {
    const key = toServiceKey(service);
    const nodes = this.#services.get(service);
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

  /** Ends the mesh: calls under way fail, and handlers hear that nobody waits for them any more. Takes no time of the clock. */
  async close(): Promise<void> {
    await this.mesh.close();
    for (const node of this.#nodes.values()) node.thaw();
    await this.clock.settle();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #nodesOf(service: string): ServiceNode[] {
    return this.#services.get(service) ?? [];
  }

  #freeId(service: string): string {
    let number = this.#nodesOf(service).length + 1;
    while (this.#nodes.has(`${service}-${number}`)) number++;
    return `${service}-${number}`;
  }

  #show(service: string, nodes: ServiceNode[]): void {
    this.#services.set(service, nodes);
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

/** What its type leaves out would otherwise be given and not be heard. */
function checkOwnParts(options: object): void {
  for (const name of ['registry', 'transport', 'clock', 'random']) {
    if (!(name in options)) continue;
    throw new ConfigError('createTestMesh', name, 'is of its own making', 'leave it out, or take createMesh');
  }
}
