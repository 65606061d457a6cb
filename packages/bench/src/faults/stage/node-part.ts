import type { Guardian } from '@micromesh/cli/stage';
import type { NodeMode, NodeRequest } from '../process/messages.js';
import type { NodeSetting } from '../process/node-setting.js';
import { nowMs } from '../process/now.js';
import { Part } from './part.js';
import type { Strike } from './strike.js';

/** A node of a stage, in a process of its own, and what can be done to it. */
export class NodePart {
  readonly id: string;
  readonly kind: NodeSetting['kind'];
  readonly address: string;
  readonly effectsFile: string;
  readonly strikes: Strike[] = [];
  readonly #part: Part;

  constructor(setting: NodeSetting, guardian: Guardian, launcher?: readonly string[]) {
    this.id = setting.id;
    this.kind = setting.kind;
    this.address = setting.listen;
    this.effectsFile = setting.effectsFile;
    this.#part = new Part('node-main.js', [JSON.stringify(setting)], guardian, launcher);
  }

  /** Resolves when its process has all that it needs to serve, and waits to be told. */
  async ready(): Promise<void> {
    await this.#part.hear('ready');
  }

  /** Resolves when it serves, and has entered itself into the registry if that is its task. */
  async serve(): Promise<void> {
    const heard = this.#part.hear('serving');
    this.#ask({ type: 'serve' });
    await heard;
  }

  get ended(): Promise<void> {
    return this.#part.ended;
  }

  /** kill -9. */
  kill(): void {
    this.#part.signal('SIGKILL');
    this.struck('death');
  }

  /** SIGSTOP. */
  freeze(): void {
    this.#part.signal('SIGSTOP');
    this.struck('stall');
  }

  /** SIGCONT. */
  thaw(): void {
    this.#part.signal('SIGCONT');
  }

  /** SIGTERM: a drain. */
  terminate(): void {
    this.#part.signal('SIGTERM');
  }

  /** Blocks its event loop; resolves when it runs again. */
  async keepBusy(ms: number): Promise<void> {
    const heard = this.#part.hear('stood');
    this.#ask({ type: 'busy', ms });
    // Not when it was asked: what takes effect on the way there cannot be answered any more.
    const { fromMs } = await heard;
    this.struck('stall', fromMs, fromMs);
  }

  behave(mode: NodeMode): void {
    this.#ask({ type: 'mode', mode });
  }

  /** Notes that something was done to it, for what no client can know of executions. */
  struck(kind: Strike['kind'], fromMs = nowMs(), untilMs = nowMs()): void {
    this.strikes.push({ node: this.id, fromMs, untilMs, kind });
  }

  /** Ends the process; resolves when it is gone. */
  async end(): Promise<void> {
    await this.#part.end();
  }

  #ask(request: NodeRequest): void {
    this.#part.ask(request);
  }
}
