import { type Clock, messageOf, type Timer } from '@micromesh/core';
import { colorsFor } from '../command/colors.js';
import type { CommandIo } from '../command/io.js';
import type { Demo } from './demo.js';
import { drawFrame } from './live-frame.js';
import { keyHint } from './live-keys.js';
import { summaryLine } from './summary-line.js';
import { openTerminal, type Terminal } from './terminal.js';

const FRAME_MS = 200;
const NOTICE_MS = 4_000;

/** Whether there is a terminal to draw on and keys to read. */
export function isInteractive({ stdin, stdout, env }: CommandIo): boolean {
  return stdin.isTTY === true && stdout.isTTY === true && env.TERM !== 'dumb';
}

/** The demo in a terminal: a picture that is drawn anew five times a second, and keys. */
export class LiveView {
  readonly #demo: Demo;
  readonly #io: CommandIo;
  readonly #clock: Clock;
  readonly #onQuit: () => void;
  readonly #terminal: Terminal;
  #selected = 1;
  #notice = '';
  #noticeUntil = 0;
  #timer: Timer;

  /** @param onQuit - called when the user wants to end the demo. */
  constructor(demo: Demo, io: CommandIo, clock: Clock, onQuit: () => void) {
    this.#demo = demo;
    this.#io = io;
    this.#clock = clock;
    this.#onQuit = onQuit;
    this.#terminal = openTerminal(io, (key) => this.#key(key));
    this.#timer = clock.setTimer(0, () => this.#frame());
  }

  /** Gives the terminal back, with one line that says how it went. */
  close(): void {
    this.#timer.cancel();
    this.#terminal.close();
    this.#io.stdout.write(`${summaryLine(this.#demo.view())}\n`);
  }

  #frame(): void {
    this.#draw();
    this.#timer = this.#clock.setTimer(FRAME_MS, () => this.#frame());
  }

  #draw(): void {
    const notice = this.#clock.now() < this.#noticeUntil ? this.#notice : '';
    const colors = colorsFor(this.#io.stdout, this.#io.env);
    const cursor = { selected: this.#selected, notice };
    this.#terminal.show(drawFrame(this.#demo.headline, this.#demo.view(), cursor, this.#terminal, colors));
  }

  #key(key: string): void {
    const { slots } = this.#demo.nodes;
    switch (key) {
      case 'q':
      case 'ctrl+c':
        this.#onQuit();
        return;
      case 'up':
        this.#selected = Math.max(1, this.#selected - 1);
        break;
      case 'down':
        this.#selected = Math.min(slots.length, this.#selected + 1);
        break;
      case 'k':
      case 'f':
      case 't':
      case 's':
        this.#demo.nodes.command(key, this.#selected).then(
          (notice) => this.#say(notice),
          (error: unknown) => this.#say(messageOf(error)),
        );
        break;
      default:
        if (slots.includes(Number(key))) this.#selected = Number(key);
        else if (key !== '') this.#say(keyHint(key, slots));
    }
    this.#draw();
  }

  #say(notice: string): void {
    this.#notice = notice.split('\n', 1)[0] ?? '';
    this.#noticeUntil = this.#clock.now() + NOTICE_MS;
  }
}
