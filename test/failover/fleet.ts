import { HelloService } from '@micromesh/service-hello';
import { createMesh, type Mesh, memory, type Registry, type TypedClient } from 'micromesh';
import { againIfStoodStill } from '../machine/stand-still.js';
import { HelloNode, type NodeOptions } from './hello-node.js';
import { type LoadResult, percentile } from './load.js';
import { silent } from './silent.js';

/** A typed client of hello.v1.Hello. */
export type Hello = TypedClient<typeof HelloService>;

/** Nodes in processes of their own, a registry that the test owns, and a mesh that calls them. */
export class Fleet {
  /** All that were started, in order. */
  readonly nodes: HelloNode[] = [];
  /** Its entries stay when a node is killed, as a registry's do until a check fails. */
  readonly registry: Registry = memory();
  readonly #meshes: Mesh[] = [];

  async start(options: NodeOptions = {}): Promise<HelloNode> {
    const node = await HelloNode.start(this.registry, options);
    this.nodes.push(node);
    return node;
  }

  async startMany(count: number, options: NodeOptions = {}): Promise<readonly HelloNode[]> {
    const started = await Promise.all(
      Array.from({ length: count }, () => HelloNode.start(this.registry, options)),
    );
    this.nodes.push(...started);
    return started;
  }

  /** A client with all defaults, after one call has gone to each node. */
  async client(
    options: { readonly registry?: string; readonly nodes?: readonly HelloNode[] } = {},
  ): Promise<Hello> {
    const mesh = createMesh({ registry: options.registry ?? this.registry, logger: silent });
    this.#meshes.push(mesh);
    const hello = mesh.client(HelloService, { service: 'hello' });
    await callEach(hello, options.nodes ?? this.nodes, 'warm');
    return hello;
  }

  async close(): Promise<void> {
    await Promise.all(this.#meshes.map((mesh) => mesh.close()));
    await Promise.all(this.nodes.map((node) => node.end()));
    await this.registry.close();
  }
}

/** Runs a scenario on a fleet of its own; where the machine spoils it by standing still, once more on another. */
export function withFleet(scenario: (fleet: Fleet) => Promise<void>): Promise<void> {
  return againIfStoodStill(async () => {
    const fleet = new Fleet();
    try {
      await scenario(fleet);
    } finally {
      await fleet.close();
    }
  });
}

const CALLED_WITHIN_MS = 30_000;

/** Calls, one after the other, until each of the nodes has worked for one. */
export async function callEach(hello: Hello, nodes: readonly HelloNode[], name: string): Promise<void> {
  const endsAt = performance.now() + CALLED_WITHIN_MS;
  const hasWorked = (node: HelloNode) => node.effects.some((effect) => effect.startsWith(name));
  for (let number = 1; !nodes.every(hasWorked); number++) {
    if (performance.now() > endsAt)
      throw new Error(`a node gets no calls within ${CALLED_WITHIN_MS} ms (${name})`);
    await hello.anything({ name: `${name} ${number}` });
  }
}

/** The figures of a load as one line on stderr, for whoever reads the log. */
export function tell(what: string, { calls, failures, attempts }: LoadResult): void {
  const retries = attempts.filter(({ attempt }) => attempt > 1).length;
  const p99 = Math.round(percentile(calls, 0.99));
  const max = Math.round(percentile(calls, 1));
  process.stderr.write(
    `${what}: ${calls.length} calls, ${failures.length} failed, ${retries} retries, p99 ${p99} ms, max ${max} ms\n`,
  );
}
