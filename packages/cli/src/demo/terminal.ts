import { emitKeypressEvents } from 'node:readline';
import type { CommandIo } from '../command/io.js';

const ENTER_SCREEN = '\x1b[?1049h\x1b[?25l';
const LEAVE_SCREEN = '\x1b[?25h\x1b[?1049l';
const HOME = '\x1b[H';
const CLEAR_TO_LINE_END = '\x1b[K';
const CLEAR_BELOW = '\x1b[J';

/** A terminal that shows pictures and takes keys. */
export interface Terminal {
  readonly columns: number;
  readonly rows: number;
  /** Shows lines in place of those before; no more than `rows`. */
  show(lines: readonly string[]): void;
  /** Gives the screen and the keyboard back. */
  close(): void;
}

/**
 * Takes over the terminal: a screen of its own, so that the user's lines are there again afterwards.
 *
 * @param onKey - given the name of each key: `k`, `up`, `ctrl+c`.
 */
export function openTerminal({ stdin, stdout }: CommandIo, onKey: (key: string) => void): Terminal {
  const onKeypress = (text: string | undefined, key: { name?: string; ctrl?: boolean }) => {
    const name = key.name ?? text ?? '';
    onKey(key.ctrl === true ? `ctrl+${name}` : name);
  };
  emitKeypressEvents(stdin);
  stdin.setRawMode(true);
  stdin.on('keypress', onKeypress);
  stdin.resume();
  stdout.write(ENTER_SCREEN);
  return {
    get columns() {
      return stdout.columns ?? 80;
    },
    get rows() {
      return stdout.rows ?? 24;
    },
    show: (lines) => {
      stdout.write(`${HOME}${lines.map((line) => line + CLEAR_TO_LINE_END).join('\n')}${CLEAR_BELOW}`);
    },
    close: () => {
      stdin.off('keypress', onKeypress);
      stdin.setRawMode(false);
      stdin.pause();
      stdout.write(LEAVE_SCREEN);
    },
  };
}
