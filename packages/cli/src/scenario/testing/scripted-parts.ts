import { appendFileSync } from 'node:fs';
import type { FakeClock } from '@micromesh/core/testing';
import type { RegistryPart } from '../../stage/index.js';
import type {
  LoadOptions,
  NetworkPart,
  NodeOrders,
  NodePart,
  NodeSetting,
  PoliciesPart,
  ScenarioParts,
} from '../parts.js';

/** A node that notes what is done to it. */
class ScriptedNode implements NodePart {
  readonly address = '127.0.0.1:1';
  readonly ended: Promise<void>;
  #end: () => void = () => {};
  over = false;

  constructor(
    readonly id: string,
    readonly log: (text: string) => void,
  ) {
    this.ended = new Promise((resolve) => {
      this.#end = resolve;
    });
  }

  kill() {
    this.log(`kill ${this.id}`);
    this.over = true;
    this.#end();
  }

  misbehave(orders: NodeOrders) {
    this.log(`misbehave ${this.id} ${JSON.stringify(orders)}`);
  }

  freeze() {
    this.log(`freeze ${this.id}`);
  }

  thaw() {
    this.log(`thaw ${this.id}`);
  }

  async stop() {
    if (this.over) return;
    this.over = true;
    this.log(`stop ${this.id}`);
    this.#end();
  }
}

/** Parts of a run in memory: they note what is done to them; `answer` decides about each call. */
export class ScriptedParts implements ScenarioParts {
  readonly log: string[] = [];
  readonly nodes: ScriptedNode[] = [];
  load: LoadOptions | undefined;
  effectsFile = '';
  connectFails = false;
  registered = true;
  /** How long the servers are without a leader. */
  electionMs = 0;
  /** Of the policies; 0: there are none. */
  policyVersion = 0;

  constructor(
    readonly clock: FakeClock,
    readonly answer: (id: string, parts: ScriptedParts) => Promise<string> = async () => 'OK',
  ) {}

  #loadBeganAt = 0;

  /** With the time since the load began. */
  note = (text: string) => {
    this.log.push(`${this.clock.now() - this.#loadBeganAt} ${text}`);
  };

  async startRegistry(): Promise<RegistryPart> {
    this.note('start registry');
    let ledAt = 0;
    return {
      url: 'consul://127.0.0.1:1',
      kill: async () => this.note('kill registry'),
      startEmpty: async () => this.note('start registry again'),
      passing: async () => (this.registered ? this.nodes.map(({ id }) => id) : []),
      enrol: async (service, { id, address }) => this.note(`enrol ${service} ${id} ${address}`),
      strikeOff: async (id) => this.note(`strike off ${id}`),
      cluster: {
        killLeader: async () => {
          this.note('kill leader');
          ledAt = this.clock.now() + this.electionMs;
        },
        isLed: async () => this.clock.now() >= ledAt,
      },
      stop: async () => this.note('stop registry'),
    };
  }

  async startNetwork(): Promise<NetworkPart> {
    this.note('start network');
    return {
      ...{ host: '198.18.0.2', launcher: [] },
      cut: async () => this.note('cut'),
      mend: async () => this.note('mend'),
    };
  }

  async startNode(
    url: string,
    effectsFile: string,
    { network, version }: NodeSetting = {},
  ): Promise<NodePart> {
    this.effectsFile = effectsFile;
    if (network !== undefined) this.note(`cut-off node with ${url}`);
    const node = new ScriptedNode(`hello-${this.nodes.length + 1}`, this.note);
    this.nodes.push(node);
    this.note(version === undefined ? `start ${node.id}` : `start ${node.id} ${version}`);
    return node;
  }

  async openPolicies(): Promise<PoliciesPart> {
    const write = async (what: string) => {
      this.note(what);
      this.policyVersion++;
      return String(this.policyVersion);
    };
    return {
      apply: (_, why) => write(`apply ${why}`),
      rollback: () => write('rollback'),
      close: async () => this.note('close policies'),
    };
  }

  async startLoad(options: LoadOptions) {
    this.load = options;
    this.#loadBeganAt = this.clock.now();
    return {
      call: (id: string) => this.answer(id, this),
      connected: async (id: string) => {
        if (this.connectFails) throw new Error(`${id} is not connected`);
        this.note(`connected ${id}`);
      },
      close: async () => this.note('close load'),
    };
  }

  effect(node: string, call: string, event: 'start' | 'effect') {
    const at = this.clock.wallNow();
    appendFileSync(this.effectsFile, `${JSON.stringify({ at, node, call, event })}\n`);
  }
}
