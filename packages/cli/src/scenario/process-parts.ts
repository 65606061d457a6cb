import { ConfigError, messageOf, systemClock, within } from '@micromesh/core';
import { helloProcess } from '../demo/service-processes.js';
import type { Crew } from '../process/crew.js';
import type { StartRegistry } from '../registry/registry-starter.js';
import { NetworkNamespace, type RegistryPart } from '../stage/index.js';
import { startMeshLoad } from './mesh-load.js';
import type {
  LoadOptions,
  LoadPart,
  NetworkPart,
  NodePart,
  NodeSetting,
  PoliciesPart,
  ScenarioParts,
} from './parts.js';

/** The real parts of a run: a registry and hello nodes in processes of their own, and a mesh in this one. */
export class ProcessParts implements ScenarioParts {
  readonly #crew: Crew;
  readonly #startRegistry: StartRegistry;
  readonly #onLine: ((line: string) => void) | undefined;
  #registry: Promise<RegistryPart> | undefined;
  #load: Promise<LoadPart> | undefined;
  #network: NetworkNamespace | undefined;
  #policies: PoliciesPart | undefined;

  /** @param onLine - given each line that a node logs; undefined: nobody wants them. */
  constructor(crew: Crew, startRegistry: StartRegistry, onLine: ((line: string) => void) | undefined) {
    this.#crew = crew;
    this.#startRegistry = startRegistry;
    this.#onLine = onLine;
  }

  startRegistry(): Promise<RegistryPart> {
    const registry = this.#startRegistry(this.#crew.guardian);
    this.#registry = registry;
    return registry;
  }

  async startNetwork(): Promise<NetworkPart> {
    try {
      this.#network = await NetworkNamespace.create(this.#crew.guardian);
      return this.#network;
    } catch (error) {
      const mend = 'run it as root, or see --scenario freeze, which needs no network';
      throw new ConfigError('--scenario', 'blackhole', messageOf(error), mend);
    }
  }

  async startNode(
    registryUrl: string,
    effectsFile: string,
    { network, version }: NodeSetting = {},
  ): Promise<NodePart> {
    const node = await this.#crew.start({
      ...helloProcess(registryUrl, effectsFile, { host: network?.host, version }),
      ...(network === undefined ? {} : { launcher: network.launcher }),
      onLine: this.#onLine,
    });
    return {
      id: node.ready.id,
      address: node.ready.address,
      ended: node.ended,
      kill: () => node.kill(),
      freeze: () => node.freeze(),
      thaw: () => node.thaw(),
      misbehave: (orders) => node.tell({ type: 'misbehave', orders }),
      stop: (limitMs) => node.stop(limitMs),
    };
  }

  async openPolicies(registryUrl: string): Promise<PoliciesPart> {
    // What reads policies takes 0.2 s to load, and most scenarios have none.
    const { openPolicies } = await import('./policies-part.js');
    this.#policies = openPolicies(registryUrl);
    return this.#policies;
  }

  startLoad(options: LoadOptions): Promise<LoadPart> {
    const load = startMeshLoad(options);
    this.#load = load;
    return load;
  }

  /** Ends what still runs, the registry last; takes at most `limitMs` for the services and as long again for the registry. */
  async close(limitMs: number): Promise<void> {
    // What did not start has been reported by then.
    const load = await this.#load?.catch(() => undefined);
    await load?.close();
    await this.#policies?.close();
    await this.#crew.stopServices(limitMs);
    await this.#network?.remove();
    const stopRegistry = async () => (await this.#registry?.catch(() => undefined))?.stop();
    // One that is still starting ends with this process, as does one that does not stop: neither may hide what the run came to.
    await within(systemClock, limitMs, stopRegistry(), () => {}).catch((error: unknown) => {
      this.#onLine?.(`the registry did not stop: ${messageOf(error)}`);
    });
  }
}
