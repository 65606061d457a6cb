import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePorts, NetworkNamespace, type RegistryPart, startGuardian } from '@micromesh/cli/stage';
import { abortable, messageOf, sleep, systemClock } from '@micromesh/core';
import type { FaultContender } from '../contenders/fault-client.js';
import type { CallRecord } from '../process/messages.js';
import { nowMs } from '../process/now.js';
import { CONTROL_SERVICE, MESH_SERVICE, PLAIN_SERVICE } from '../service/ledger.js';
import { allEnded } from './all-ended.js';
import { ClientPart } from './client-part.js';
import { Fleet } from './fleet.js';
import type { NodePart } from './node-part.js';
import { SilentListener } from './silent-listener.js';
import { startStageRegistry } from './stage-registry.js';
import { type StageSetting, UNARY_METHODS } from './stage-setting.js';
import { StageUnavailable } from './stage-unavailable.js';
import type { Strike } from './strike.js';

const NODES = 3;

/** What a client did during a run. */
export interface ClientCalls {
  readonly contender: FaultContender;
  readonly calls: readonly CallRecord[];
}

/** What a fault is done to: two fleets of the same size, their registry, and the clients that call them. */
export class Stage {
  readonly #setting: StageSetting;
  readonly #signal: AbortSignal;
  readonly #guardian = startGuardian();
  /** Of micromesh servers, and of plain ones: what faults are done to. */
  readonly #fleets: Fleet[] = [];
  #control: Fleet | undefined;
  readonly #clients: ClientPart[] = [];
  // Whoever waits for a process then hears that it has ended.
  readonly #onAbort = () => void this.#endProcesses();
  readonly #listeners: SilentListener[] = [];
  #folder = '';
  #registry: RegistryPart | undefined;
  #namespace: NetworkNamespace | undefined;
  #dead: readonly string[] = [];

  /** @param signal - ends it early: what waits rejects, and the owner closes the stage. */
  constructor(setting: StageSetting, signal: AbortSignal) {
    signal.addEventListener('abort', this.#onAbort);
    this.#setting = setting;
    this.#signal = signal;
  }

  /**
   * Starts the registry, the nodes and the clients.
   *
   * @throws StageUnavailable with the reason, where this machine lacks what the fault needs.
   */
  async open(contenders: readonly FaultContender[]): Promise<void> {
    const { nodes = NODES, ownNetwork = false, channelOptions = {}, deadAddresses = 0 } = this.#setting;
    this.#folder = await mkdtemp(join(tmpdir(), 'micromesh-bench-faults-'));
    this.#guardian.watchFolder(this.#folder);
    if (ownNetwork) await this.#makeNetwork();
    const { registry: kind = 'dev-agent' } = this.#setting;
    const registry = await startStageRegistry(kind, this.#guardian, this.#signal);
    this.#registry = registry;
    this.#signal.throwIfAborted();
    const parts = { registry, guardian: this.#guardian, folder: this.#folder, channelOptions };
    this.#fleets.push(new Fleet('mesh', MESH_SERVICE, parts), new Fleet('plain', PLAIN_SERVICE, parts));
    const apart = new Fleet('plain', CONTROL_SERVICE, { ...parts, channelOptions: {} });
    this.#control = apart;
    this.#dead = await freeAddresses(deadAddresses);
    await allEnded([...this.#fleets.map((fleet) => fleet.start(nodes, this.#namespace)), apart.start(1)]);
    this.#signal.throwIfAborted();
    await this.#startClients(contenders, registry);
    this.#signal.throwIfAborted();
  }

  get registry(): RegistryPart {
    if (this.#registry === undefined) throw new Error('the stage is not open');
    return this.#registry;
  }

  /** kill -9 of the server of its cluster that leads; resolves when it is gone. */
  async killLeader(): Promise<void> {
    if (this.registry.cluster === undefined) throw new Error('the registry of the stage is no cluster');
    await this.registry.cluster.killLeader();
  }

  /** The nodes of that index at the start, one of each kind. */
  at(index: number): readonly NodePart[] {
    return this.#fleets.flatMap(({ nodes }) => nodes[index] ?? []);
  }

  /** All nodes that were ever started, of both kinds. */
  get nodes(): readonly NodePart[] {
    return this.#fleets.flatMap(({ nodes }) => nodes);
  }

  /** Rejects when the run is ended early. */
  async wait(ms: number): Promise<void> {
    await abortable(sleep(systemClock, ms, this.#signal), this.#signal);
  }

  /** Starts processes of `count` nodes of each kind at new addresses, which do not serve yet. */
  async holdBackNew(count: number): Promise<void> {
    await allEnded(this.#fleets.map(async (fleet) => fleet.holdBack(await freeAddresses(count))));
  }

  /** Starts a process for the address of each node that there is, which does not serve yet. */
  async holdBackSame(): Promise<void> {
    const addressesOf = (fleet: Fleet) => fleet.nodes.map(({ address }) => address);
    await allEnded(this.#fleets.map((fleet) => fleet.holdBack(addressesOf(fleet))));
  }

  /** The nodes that were held back serve; resolves when they are in the registry. */
  async letGo(): Promise<void> {
    await allEnded(this.#fleets.map((fleet) => fleet.letGo()));
  }

  /** SIGTERM, after whoever enters nodes for others has taken it out. */
  async retire(node: NodePart): Promise<void> {
    await this.#fleetOf(node).retire(node);
  }

  /** Kills a node, and has somebody listen in its place who accepts connections and says nothing. */
  async silence(node: NodePart): Promise<void> {
    node.kill();
    await node.ended;
    const [host = '', port] = node.address.split(':');
    this.#listeners.push(await SilentListener.at(host, Number(port)));
  }

  /** Enters nodes of both kinds that nobody is: what a registry says of a machine that went without a word. */
  async enrolDead(): Promise<void> {
    for (const { service } of this.#fleets) {
      for (const [index, address] of this.#dead.entries()) {
        const id = `${service}-dead-${index}`;
        await this.registry.enrol(service, { id, address, micromesh: service === MESH_SERVICE });
      }
    }
  }

  /** Takes all nodes of both kinds out of the registry; they live on. */
  async strikeOffAll(): Promise<void> {
    for (const { id } of this.nodes) await this.registry.strikeOff(id);
  }

  /** Takes the link to the first node of each kind away. */
  async cutLink(): Promise<void> {
    const fromMs = nowMs();
    await this.#namespace?.cut();
    for (const node of this.at(0)) node.struck('cut', fromMs);
  }

  async mendLink(): Promise<void> {
    await this.#namespace?.mend();
  }

  /** All clients make calls at a fixed rate from `beginMs` to `endMs`, by the machine's monotonic clock. */
  load(rate: number, beginMs: number, endMs: number): Promise<readonly ClientCalls[]> {
    const { methods = UNARY_METHODS } = this.#setting;
    const durationMs = endMs - nowMs();
    return Promise.all(
      this.#clients.map(async (client) => ({
        contender: client.contender,
        calls: await client.load({ methods, rate, beginMs, endMs }, durationMs),
      })),
    );
  }

  /** What was done to nodes so far. */
  get strikes(): readonly Strike[] {
    return this.nodes.flatMap(({ strikes }) => strikes);
  }

  /** Ends the nodes, and gives what each has written into its log of effects. */
  async effects(): Promise<ReadonlyMap<string, string>> {
    await Promise.all(this.#fleets.map((fleet) => fleet.end()));
    return new Map(
      await Promise.all(
        this.nodes.map(async ({ id, effectsFile }) => [id, await readFile(effectsFile, 'utf8')] as const),
      ),
    );
  }

  /** Ends everything that still runs; nothing is left. Call it when nothing of the stage is under way any more. */
  async close(): Promise<void> {
    this.#signal.removeEventListener('abort', this.#onAbort);
    await this.#endProcesses();
    for (const listener of this.#listeners) listener.close();
    await this.#registry?.stop();
    await this.#namespace?.remove();
    await rm(this.#folder, { recursive: true, force: true });
    this.#guardian.close();
  }

  async #endProcesses(): Promise<void> {
    await Promise.all([
      ...this.#clients.map((client) => client.end()),
      ...this.#fleets.map((fleet) => fleet.end()),
      this.#control?.end(),
    ]);
  }

  async #startClients(contenders: readonly FaultContender[], { url }: RegistryPart): Promise<void> {
    for (const contender of contenders) {
      const fleet = this.#fleetFor(contender);
      if (fleet === undefined) throw new Error('the stage has no nodes');
      const dead = contender.fleet === 'control' ? [] : this.#dead;
      const addresses = [...fleet.nodes.map(({ address }) => address), ...dead];
      const target = { addresses, registry: url, service: fleet.service };
      this.#clients.push(new ClientPart(contender, target, this.#guardian));
    }
    await allEnded(this.#clients.map((client) => client.ready()));
  }

  #fleetFor({ fleet }: FaultContender): Fleet | undefined {
    return fleet === 'control' ? this.#control : this.#fleets[fleet === 'mesh' ? 0 : 1];
  }

  async #makeNetwork(): Promise<void> {
    try {
      this.#namespace = await NetworkNamespace.create(this.#guardian);
    } catch (error) {
      throw new StageUnavailable(messageOf(error));
    }
  }

  #fleetOf(node: NodePart): Fleet {
    const fleet = this.#fleets.find(({ nodes }) => nodes.includes(node));
    if (fleet === undefined) throw new Error(`${node.id} is no node of this stage`);
    return fleet;
  }
}

async function freeAddresses(count: number): Promise<readonly string[]> {
  return (await freePorts(count)).map((port) => `127.0.0.1:${port}`);
}
