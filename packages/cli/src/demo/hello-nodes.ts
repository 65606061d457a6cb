import type { ServiceProcess } from '../process/service-process.js';
import type { DemoModel, ProcessState } from './demo-model.js';

const MOST_NODES = 9;

/** What the demo does with a node; {@link ServiceProcess} has it. */
export interface DemoNode
  extends Pick<ServiceProcess, 'pid' | 'ready' | 'running' | 'frozen' | 'kill' | 'freeze' | 'thaw'> {
  readonly ended: Promise<{ readonly signal: NodeJS.Signals | null }>;
}

/** The hello nodes of the demo by their key: started, killed, frozen and thawed by hand. */
export class HelloNodes {
  readonly #start: () => Promise<DemoNode>;
  readonly #model: DemoModel;
  readonly #nodes = new Map<number, DemoNode | undefined>();

  /** @param start - starts one more hello node, and resolves when it is registered. */
  constructor(start: () => Promise<DemoNode>, model: DemoModel) {
    this.#start = start;
    this.#model = model;
  }

  get slots(): readonly number[] {
    return [...this.#nodes.keys()];
  }

  /**
   * Starts a node in a slot.
   *
   * @throws Error when it does not start.
   */
  async start(slot: number): Promise<void> {
    this.#nodes.set(slot, undefined);
    this.#show(slot, 'starting');
    const node = await this.#start();
    this.#nodes.set(slot, node);
    this.#show(slot, 'running');
    node.ended.then(
      ({ signal }) => {
        if (this.#nodes.get(slot) === node) this.#show(slot, signal === 'SIGKILL' ? 'killed' : 'ended');
      },
      () => {},
    );
  }

  /** Does what a key asks for; gives what to tell the user, or an empty text. */
  async command(key: 'k' | 'f' | 't' | 's', slot: number): Promise<string> {
    const node = this.#nodes.get(slot);
    switch (key) {
      case 'k':
        if (node?.running !== true) return `${slot} does not run; s starts a node`;
        node.kill();
        return `kill -9 ${node.ready.id}`;
      case 'f':
        if (node?.running !== true) return `${slot} does not run; s starts a node`;
        node.freeze();
        this.#show(slot, 'frozen');
        return `SIGSTOP ${node.ready.id}: t thaws it`;
      case 't':
        if (node?.frozen !== true) return `${slot} is not frozen`;
        node.thaw();
        this.#show(slot, 'running');
        return `SIGCONT ${node.ready.id}`;
      case 's':
        return this.#startWhereFree(slot);
    }
  }

  async #startWhereFree(selected: number): Promise<string> {
    const slot = this.#freeSlot(selected);
    if (slot === undefined) return `there are ${MOST_NODES} nodes already`;
    await this.start(slot);
    return `${this.#nodes.get(slot)?.ready.id} started`;
  }

  /** The selected slot where its node has ended, else the first such, else a new one. */
  #freeSlot(selected: number): number | undefined {
    const ended = (slot: number) => this.#nodes.get(slot)?.running === false;
    const slot = [selected, ...this.#nodes.keys()].find(ended) ?? this.#nodes.size + 1;
    return slot <= MOST_NODES ? slot : undefined;
  }

  #show(slot: number, process: ProcessState): void {
    const node = this.#nodes.get(slot);
    const { id, address } = node?.ready ?? { id: 'hello', address: '' };
    this.#model.node(slot, { id, address, pid: node?.pid ?? 0, process });
  }
}
