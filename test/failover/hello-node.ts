import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Registered, Registration, Registry } from '@micromesh/registry';
import { until } from './until.js';

/** What a node process is told. */
export interface NodeOptions {
  /** Default `micromesh`. */
  readonly kind?: 'micromesh' | 'plain';
  /** Default `greet`. */
  readonly behaviour?: 'greet' | 'internal' | 'throw';
  /** Default a free port of 127.0.0.1. */
  readonly listen?: string;
  /** How long a call takes that does not say; default 0. */
  readonly workMs?: number;
  readonly lameDuckMs?: number;
}

type Report =
  | { readonly register: Registration }
  | { readonly deregister: string }
  | { readonly address: string }
  | { readonly started: string }
  | { readonly effect: string; readonly at: number }
  | { readonly replied: string; readonly at: number };

/** A node of hello.v1.Hello in a process of its own, registered where the test says. */
export class HelloNode {
  address = '';
  /** The node's id in the registry; empty for a plain one that nobody has registered. */
  id = '';
  /** Names whose handler has begun, in order. */
  readonly started: string[] = [];
  /** Names whose work was done, in order. */
  readonly effects: string[] = [];
  hasExited = false;
  /** When the last effect of a name was, and when its reply had left the process; wall-clock ms. */
  readonly #effectAt = new Map<string, number>();
  readonly #repliedAt = new Map<string, number>();
  #frozenAt: number | undefined;
  readonly #child: ChildProcess;
  readonly #registry: Registry;
  #registered: Registered | undefined;

  private constructor(registry: Registry, options: NodeOptions) {
    this.#registry = registry;
    this.#child = fork(fileURLToPath(new URL('./processes/hello-node.mjs', import.meta.url)), {
      execArgv: [],
      env: {
        ...process.env,
        KIND: options.kind ?? 'micromesh',
        BEHAVIOUR: options.behaviour ?? 'greet',
        LISTEN: options.listen ?? '127.0.0.1:0',
        WORK_MS: String(options.workMs ?? 0),
        LAME_DUCK_MS: String(options.lameDuckMs ?? 1000),
      },
    });
    this.#child.on('message', (report: Report) => this.#onReport(report));
    this.#child.on('exit', () => {
      this.hasExited = true;
    });
  }

  /** Starts a node and waits until it serves, and is registered if it is one that registers. */
  static async start(registry: Registry, options: NodeOptions = {}): Promise<HelloNode> {
    const node = new HelloNode(registry, options);
    await until(() => node.address !== '' || node.hasExited, 'a node process');
    if (node.hasExited) throw new Error('the node process has ended');
    if (options.kind === 'plain') await node.#registerFromOutside();
    return node;
  }

  /** Takes a plain node out of the registry, as its orchestrator does; a micromesh node does it itself. */
  async deregister(): Promise<void> {
    await this.#registered?.deregister();
    this.#registered = undefined;
  }

  kill(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
    if (signal === 'SIGSTOP') this.#frozenAt = Date.now();
  }

  /** Whether the name's work was done but not answered when the node died or stood still: no client can know of it. */
  isUncertain(name: string): boolean {
    const repliedAt = this.#repliedAt.get(name) ?? Number.POSITIVE_INFINITY;
    if (this.hasExited) return repliedAt === Number.POSITIVE_INFINITY;
    const effectAt = this.#effectAt.get(name);
    return (
      effectAt !== undefined &&
      this.#frozenAt !== undefined &&
      effectAt <= this.#frozenAt &&
      this.#frozenAt < repliedAt
    );
  }

  /** From now on its work takes longer, by so much. */
  slowDown(slowerMs: number): void {
    this.#child.send({ slowerMs });
  }

  /** Sends a signal that ends the process, and waits for the end. */
  async end(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    if (this.hasExited) return;
    const exited = once(this.#child, 'exit');
    this.#child.kill(signal);
    await exited;
  }

  async #registerFromOutside(): Promise<void> {
    const [host = '', port] = this.address.split(':');
    this.id = `plain-${port}-${this.#child.pid}`;
    const address = { kind: 'tcp', host, port: Number(port) } as const;
    const rest = { version: '', labels: {}, weight: 1, check: 'ttl' } as const;
    this.#registered = await this.#registry.register({
      service: { name: 'hello' },
      id: this.id,
      address,
      ...rest,
    });
  }

  #onReport(report: Report): void {
    if ('started' in report) this.started.push(report.started);
    else if ('effect' in report) this.#onEffect(report);
    else if ('replied' in report) this.#repliedAt.set(report.replied, report.at);
    else if ('address' in report) this.address = report.address;
    else void this.#answer(report);
  }

  #onEffect({ effect, at }: { readonly effect: string; readonly at: number }): void {
    this.effects.push(effect);
    this.#effectAt.set(effect, at);
  }

  async #answer(
    report: { readonly register: Registration } | { readonly deregister: string },
  ): Promise<void> {
    if ('register' in report) {
      this.id = report.register.id;
      this.#registered = await this.#registry.register(report.register);
    } else {
      await this.deregister();
    }
    if (this.#child.connected) this.#child.send('done');
  }
}
