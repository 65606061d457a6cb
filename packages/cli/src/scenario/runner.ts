import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { abortable, type Clock, sleep } from '@micromesh/core';
import type { RegistryPart } from '../stage/index.js';
import { CallLedger } from './call-ledger.js';
import { prepareCanary } from './canary.js';
import { CANARY_VERSIONS } from './canary-policies.js';
import { runClosedLoop } from './closed-loop.js';
import {
  countExecutions,
  countOkWithoutEffect,
  type EffectLine,
  type Executions,
  parseEffects,
} from './effects.js';
import { DRAIN_LIMIT_MS, type FaultFindings, faults, preparations } from './faults.js';
import { expectFlaky } from './flaky-expectation.js';
import { FLAKY } from './flaky-setting.js';
import { runOpenLoop } from './open-loop.js';
import type { LoadPart, NetworkPart, NodePart, PoliciesPart, ScenarioParts } from './parts.js';
import type { ScenarioOptions, ScenarioResult } from './result.js';
import { RoutedLedger } from './routed-calls.js';
import { WITHOUT_RECOVERY } from './scenario-names.js';
import { type RunEvent, summarise } from './statistics.js';

const FAULT_SHARE = 1 / 4;
/** A call ends by its deadline of 5 s; one that does not is counted as unfinished. */
const STRAGGLER_LIMIT_MS = 7_000;
const POLL_MS = 20;

/** Who is told how a run goes. */
export interface ScenarioProgress {
  /** What is done now, or was done to the nodes or the registry. */
  step(text: string): void;
  /** Called every 100 ms while there is load. */
  load(elapsedMs: number, ledger: CallLedger): void;
}

/** What {@link runScenario} needs besides its options. */
export interface ScenarioSetting {
  readonly parts: ScenarioParts;
  readonly clock: Clock;
  /** A temporary folder of this run. */
  readonly folder: string;
  /** Ends the run early: it rejects with the signal's reason, and the owner of the parts ends what still runs. */
  readonly signal: AbortSignal;
  readonly progress: ScenarioProgress;
}

/**
 * Runs a scenario: starts a registry and nodes, calls them at a fixed rate, brings the fault at a quarter of the time, ends
 * everything, and counts.
 *
 * @throws Error when a part does not start or the run was ended early.
 */
export function runScenario(options: ScenarioOptions, setting: ScenarioSetting): Promise<ScenarioResult> {
  return abortable(new ScenarioRun(options, setting).run(), setting.signal);
}

class ScenarioRun {
  readonly #options: ScenarioOptions;
  readonly #setting: ScenarioSetting;
  readonly #effectsFile: string;
  readonly #nodes: NodePart[] = [];
  readonly #ledger = new CallLedger();
  readonly #events: RunEvent[] = [];
  readonly #routed = new RoutedLedger();
  #network: NetworkPart | undefined;
  #policies: PoliciesPart | undefined;
  #beganAt = 0;

  constructor(options: ScenarioOptions, setting: ScenarioSetting) {
    this.#options = options;
    this.#setting = setting;
    this.#effectsFile = join(setting.folder, 'effects.jsonl');
  }

  async run(): Promise<ScenarioResult> {
    const { parts, progress } = this.#setting;
    const { scenario, nodes, retries, maxConcurrentRetries } = this.#options;
    await writeFile(this.#effectsFile, '');
    if (scenario === 'blackhole') this.#network = await parts.startNetwork();
    progress.step(`starting the ${this.#options.registry} registry`);
    const registry = await parts.startRegistry();
    progress.step(`starting ${nodes} hello nodes`);
    // The one that is struck comes first.
    if (this.#network !== undefined) await this.#startCutOff(registry, this.#network);
    const left = nodes - this.#nodes.length;
    if (scenario === 'canary') await this.#startVersions(registry);
    else await Promise.all(Array.from({ length: left }, () => this.#startNode(registry)));
    preparations[scenario]?.(this.#nodes);
    const load = await parts.startLoad({
      ...(scenario === 'canary' ? { onRouted: this.#onRouted } : {}),
      registryUrl: registry.url,
      retries,
      maxConcurrentRetries,
      onTried: (durationMs, attempts) => this.#ledger.tried(this.#now() - durationMs, attempts),
    });
    const findings = await this.#loadAndFault(registry, load);
    const endMs = this.#now();
    progress.step('ending the nodes');
    await load.close();
    await this.#policies?.close();
    await Promise.all(this.#nodes.map((node) => node.stop(DRAIN_LIMIT_MS)));
    await registry.stop();
    return this.#count(findings, endMs);
  }

  async #loadAndFault(registry: RegistryPart, load: LoadPart): Promise<FaultFindings> {
    const { clock } = this.#setting;
    this.#beganAt = clock.now();
    const report = this.#reportWhileLoading();
    try {
      const [findings] = await Promise.all([this.#bringFault(registry, load), this.#runLoad(load)]);
      const limit = clock.now() + STRAGGLER_LIMIT_MS;
      while (this.#ledger.running > 0 && clock.now() < limit) await this.#wait(POLL_MS);
      return findings;
    } finally {
      report.stop();
    }
  }

  #runLoad(load: LoadPart): Promise<void> {
    const { clock, signal } = this.#setting;
    const { scenario, rps, seconds } = this.#options;
    const call = (index: number, startMs: number) => this.#call(load, index, startMs);
    if (scenario === 'flaky') {
      return runClosedLoop({ callers: FLAKY.callers, seconds, clock, signal, call });
    }
    return runOpenLoop({ rps, seconds, clock, signal, start: (index, startMs) => void call(index, startMs) });
  }

  async #bringFault(registry: RegistryPart, load: LoadPart): Promise<FaultFindings> {
    const nodes = [...this.#nodes];
    await this.#wait(this.#faultMs);
    return faults[this.#options.scenario]({
      nodes,
      registry,
      network: this.#network,
      canary: this.#policies && { policies: this.#policies, ledger: this.#routed },
      loadEndMs: this.#options.seconds * 1000,
      startNode: () => this.#startNode(registry),
      connected: (nodeId, limitMs) => load.connected(nodeId, limitMs),
      note: (text) => this.#note(text),
      now: () => this.#now(),
      wait: (ms) => this.#wait(ms),
    });
  }

  /** A third of the nodes, at least one, is of the new version; no call goes there before the policies say so. */
  async #startVersions(registry: RegistryPart): Promise<void> {
    const { nodes } = this.#options;
    const fresh = Math.max(1, Math.floor(nodes / 3));
    this.#policies = await this.#setting.parts.openPolicies(registry.url);
    const start = async (_: unknown, index: number) => {
      const isNew = index >= nodes - fresh;
      const version = isNew ? CANARY_VERSIONS.v2 : CANARY_VERSIONS.v1;
      const { id } = await this.#startNode(registry, version);
      if (isNew) this.#routed.isNew(id);
    };
    await Promise.all([prepareCanary(this.#policies), ...Array.from({ length: nodes }, start)]);
  }

  readonly #onRouted = (version: string | undefined, nodeId: string, agoMs: number): void => {
    this.#routed.routed(version, nodeId, this.#now() - agoMs);
  };

  async #startNode(registry: RegistryPart, version?: string): Promise<NodePart> {
    const setting = version === undefined ? {} : { version };
    const node = await this.#setting.parts.startNode(registry.url, this.#effectsFile, setting);
    this.#nodes.push(node);
    return node;
  }

  /** Starts a node in a network from which it does not reach the registry: it is entered by us, as services are that others run. */
  async #startCutOff(registry: RegistryPart, network: NetworkPart): Promise<void> {
    const node = await this.#setting.parts.startNode('memory:', this.#effectsFile, { network });
    this.#nodes.push(node);
    await registry.enrol('hello', { id: node.id, address: node.address, micromesh: true });
  }

  #call(load: LoadPart, index: number, startMs: number): Promise<void> {
    const call = this.#ledger.started(startMs);
    return load.call(idOf(index)).then(
      (code) => this.#ledger.ended(call, this.#now(), code),
      (error: unknown) => this.#ledger.ended(call, this.#now(), `THROWN ${error}`),
    );
  }

  // Only when the nodes have ended is the last effect in the file, also of calls that nobody waited for any more.
  async #count({ struck, ...findings }: FaultFindings, endMs: number): Promise<ScenarioResult> {
    const { scenario, registry, nodes, seconds } = this.#options;
    const lines = parseEffects(await readFile(this.#effectsFile, 'utf8'));
    const { executedTwice, maybeTwice } = this.#countExecutions(lines, struck);
    const okIds = this.#ledger.calls.flatMap(({ code }, index) => (code === 'OK' ? [idOf(index)] : []));
    const { calls, ok, failed, recoveryMs, timeline, ...rest } = summarise(
      this.#ledger,
      this.#faultMs,
      endMs,
      this.#events,
    );
    const flaky = scenario === 'flaky';
    const rps = flaky ? Math.round(calls / seconds) : this.#options.rps;
    return {
      ...{ scenario, registry, nodes, rps, seconds, calls, ok, failed },
      executedTwice: executedTwice.length,
      executedTwiceCalls: executedTwice,
      maybeTwice: maybeTwice.length,
      maybeTwiceCalls: maybeTwice,
      okWithoutEffect: countOkWithoutEffect(lines, okIds),
      ...rest,
      recoveryMs: WITHOUT_RECOVERY.has(scenario) ? null : recoveryMs,
      ...findings,
      ...(flaky ? { expected: expectFlaky(this.#options, calls) } : {}),
      timeline,
    };
  }

  #countExecutions(lines: readonly EffectLine[], struck: FaultFindings['struck']): Executions {
    if (struck === undefined) return countExecutions(lines, undefined, () => false);
    const { node, atMs, untilMs = atMs, kind } = struck;
    const { clock } = this.#setting;
    const wallAt = (ms: number) => clock.wallNow() - (this.#now() - ms);
    const strike = { node, at: wallAt(atMs), until: wallAt(untilMs), kind };
    return countExecutions(lines, strike, (id) => {
      const call = this.#ledger.calls[indexOf(id)];
      return call?.endMs !== undefined && call.endMs < atMs;
    });
  }

  get #faultMs(): number {
    return this.#options.seconds * 1000 * FAULT_SHARE;
  }

  /** Rejects with the signal's reason when the run is ended early. */
  #wait(ms: number): Promise<void> {
    const { clock, signal } = this.#setting;
    return abortable(sleep(clock, ms, signal), signal);
  }

  #now(): number {
    return this.#setting.clock.now() - this.#beganAt;
  }

  #note(text: string): void {
    this.#events.push({ atMs: this.#now(), text });
    this.#setting.progress.step(text);
  }

  #reportWhileLoading(): { stop(): void } {
    const { clock, progress } = this.#setting;
    const report = () => {
      progress.load(this.#now(), this.#ledger);
      timer = clock.setTimer(100, report);
    };
    let timer = clock.setTimer(100, report);
    return { stop: () => timer.cancel() };
  }
}

function idOf(index: number): string {
  return `call-${index}`;
}

function indexOf(id: string): number {
  return Number(id.slice('call-'.length));
}
