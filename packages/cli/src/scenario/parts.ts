import type { RegistryPart } from '../registry/registry-part.js';

/** A hello node of a run, in a process of its own. */
export interface NodePart {
  readonly id: string;
  /** Resolves when its process has ended. */
  readonly ended: Promise<unknown>;
  /** kill -9. */
  kill(): void;
  /** SIGSTOP. */
  freeze(): void;
  /** SIGCONT. */
  thaw(): void;
  /** SIGTERM, and SIGKILL after `limitMs`; resolves when it has ended. */
  stop(limitMs: number): Promise<void>;
}

/** The client side of a run: a mesh that calls hello. */
export interface LoadPart {
  /** Makes one call that carries an id; resolves with the name of its status, and never rejects. */
  call(id: string): Promise<string>;
  /** Resolves when a connection to the node is ready; rejects after `limitMs`. */
  connected(nodeId: string, limitMs: number): Promise<void>;
  close(): Promise<void>;
}

/** How the client side of a run is set up. */
export interface LoadOptions {
  readonly registryUrl: string;
  /** Further tries; undefined: the mesh's default. */
  readonly retries: number | undefined;
  /** Told of each ended call how long it took and how many tries that were. */
  readonly onTried: (durationMs: number, attempts: number) => void;
}

/** Where a run gets its processes. */
export interface ScenarioParts {
  startRegistry(): Promise<RegistryPart>;
  /** Starts a hello node; resolves when it is registered and passing. */
  startNode(registryUrl: string, effectsFile: string): Promise<NodePart>;
  startLoad(options: LoadOptions): Promise<LoadPart>;
}
