import type { RegistryPart } from '../stage/index.js';

/** What a node is told to do wrong; the hello service has the same words. */
export interface NodeOrders {
  /** The share of the attempts that fail, from 0 to 1; default 0. */
  readonly errorRatio?: number;
  /** The name of the status that they fail with; default UNAVAILABLE. */
  readonly code?: string;
  /** Whether they fail at once, or when their work is done but for its effect; default false. */
  readonly atOnce?: boolean;
  /** Added to the work of each call, in ms; default 0. */
  readonly extraMs?: number;
  /** Added to the work of each call: some time from 0 to this, in ms; default 0. */
  readonly spreadMs?: number;
  /** The same attempts fail in each run with the same seed; default 0. */
  readonly seed?: number;
}

/** A hello node of a run, in a process of its own. */
export interface NodePart {
  readonly id: string;
  /** Where it listens: `127.0.0.1:40123`. */
  readonly address: string;
  /** Resolves when its process has ended. */
  readonly ended: Promise<unknown>;
  /** kill -9. */
  kill(): void;
  /** SIGSTOP. */
  freeze(): void;
  /** SIGCONT. */
  thaw(): void;
  /** From now on it does wrong what it is told, and nothing else. */
  misbehave(orders: NodeOrders): void;
  /** SIGTERM, and SIGKILL after `limitMs`; resolves when it has ended. */
  stop(limitMs: number): Promise<void>;
}

/** A network of its own on this machine, for one node. */
export interface NetworkPart {
  /** Of what listens in it. */
  readonly host: string;
  /** What a command in it begins with. */
  readonly launcher: readonly string[];
  /** Takes its link to ours down. */
  cut(): Promise<void>;
  /** The link is up again. */
  mend(): Promise<void>;
}

/** The operator's side of a run: who writes policies into its registry. */
export interface PoliciesPart {
  /** Puts the resources of a text in force, in the place of those of the same names; gives the version when the write has returned. */
  apply(text: string, why: string): Promise<string>;
  /** The version before is in force again, as a new one. */
  rollback(): Promise<string>;
  close(): Promise<void>;
}

/** How a node of a run is started. */
export interface NodeSetting {
  /** Default: that of this machine. */
  readonly network?: NetworkPart;
  /** Default: the service's own. */
  readonly version?: string;
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
  /** Extra attempts at a time, over all calls; undefined: the mesh's default, no bound. */
  readonly maxConcurrentRetries: number | undefined;
  /** Told of each ended call how long it took and how many tries that were. */
  readonly onTried: (durationMs: number, attempts: number) => void;
  /**
   * The mesh follows the policies of the registry; told of each call at its first try, which version it goes by, the node, and how long ago
   * the call began. Undefined: it follows none.
   */
  readonly onRouted?: (version: string | undefined, nodeId: string, agoMs: number) => void;
}

/** Where a run gets its processes. */
export interface ScenarioParts {
  startRegistry(): Promise<RegistryPart>;
  /** @throws ConfigError where this machine does not let us make one. */
  startNetwork(): Promise<NetworkPart>;
  /** Starts a hello node; resolves when it has entered itself into the registry. */
  startNode(registryUrl: string, effectsFile: string, setting?: NodeSetting): Promise<NodePart>;
  /** Opens the policies of the registry, for who changes them. */
  openPolicies(registryUrl: string): Promise<PoliciesPart>;
  startLoad(options: LoadOptions): Promise<LoadPart>;
}
