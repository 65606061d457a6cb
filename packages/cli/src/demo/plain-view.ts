import type { Clock, Timer } from '@micromesh/core';
import type { CommandIo } from '../command/io.js';
import type { Demo } from './demo.js';
import type { DemoView, NodeView } from './demo-model.js';
import { timeOfDay } from './live-frame.js';
import { summaryLine } from './summary-line.js';

const LOOK_MS = 500;
const SUMMARY_EVERY = 20;

/** The demo without a terminal: a line for each thing that changes, and every 10 s the figures. */
export class PlainView {
  readonly #demo: Demo;
  readonly #io: CommandIo;
  readonly #clock: Clock;
  #shown = new Map<number, string>();
  #shownFailovers: DemoView['failovers'] = [];
  #looks = 0;
  #timer: Timer;

  constructor(demo: Demo, io: CommandIo, clock: Clock) {
    this.#demo = demo;
    this.#io = io;
    this.#clock = clock;
    const { registry, registryUrl, gatewayUrl } = demo.headline;
    this.#line(`registry  ${registry}`);
    for (const node of demo.view().nodes) this.#lineOf(node);
    this.#line(
      `ready: curl ${gatewayUrl}/user/test; other programs join with MICROMESH_REGISTRY=${registryUrl}`,
    );
    this.#timer = clock.setTimer(LOOK_MS, () => this.#look());
  }

  /** Ends with the figures. */
  close(): void {
    this.#timer.cancel();
    this.#line(summaryLine(this.#demo.view()));
  }

  #look(): void {
    const view = this.#demo.view();
    for (const node of view.nodes) this.#lineOf(node);
    const fresh = view.failovers.filter((failover) => !this.#shownFailovers.includes(failover));
    for (const { text } of fresh.reverse()) this.#line(`failover  ${text}`);
    this.#shownFailovers = view.failovers;
    if (++this.#looks % SUMMARY_EVERY === 0) this.#line(summaryLine(view));
    this.#timer = this.#clock.setTimer(LOOK_MS, () => this.#look());
  }

  #lineOf({ slot, id, address, pid, process, seen, cause }: NodeView): void {
    const state = seen === undefined ? '' : `, user sees it ${seen}${cause === '' ? '' : ` (${cause})`}`;
    const line = `hello ${slot}   ${id} ${address} pid ${pid} ${process}${state}`;
    if (this.#shown.get(slot) === line) return;
    this.#shown.set(slot, line);
    this.#line(line);
  }

  #line(text: string): void {
    this.#io.stdout.write(`${timeOfDay(this.#clock.wallNow())}  ${text}\n`);
  }
}
