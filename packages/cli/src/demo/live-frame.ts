import type { Colors } from '../command/colors.js';
import { sparkline } from '../scenario/sparkline.js';
import type { DemoView, NodeView, ProcessState } from './demo-model.js';

/** What stays the same while the demo runs. */
export interface DemoHeadline {
  /** `http://localhost:8080` */
  readonly gatewayUrl: string;
  /** In words: `dev agent 127.0.0.1:40123`. */
  readonly registry: string;
}

/** What the user has done with the keys. */
export interface Cursor {
  /** The key of the node that is meant. */
  readonly selected: number;
  /** What the last key did, in words; may be empty. */
  readonly notice: string;
}

const KEYS = [
  ['1-9', 'select'],
  ['k', 'kill -9'],
  ['f', 'freeze'],
  ['t', 'thaw'],
  ['s', 'start'],
  ['q', 'quit'],
] as const;

/** Draws one picture of the demo: lines without line breaks, none longer than `columns`. */
export function drawFrame(
  { gatewayUrl, registry }: DemoHeadline,
  view: DemoView,
  { selected, notice }: Cursor,
  columns: number,
  colors: Colors,
): string[] {
  const text = new FrameText(columns);
  const { bold, dim, green, red, yellow, cyan } = colors;
  const zeroIsGood = (count: number) => (count === 0 ? green : red);

  text.line(['micromesh', bold], ['   curl ', dim], [`${gatewayUrl}/user/test`, cyan]);
  text.line([`gateway → user → hello ×${view.nodes.length}   registry: ${registry}`, dim]);
  text.line();
  text.line(['  #  node                 address            process    seen by user   answered', dim]);
  for (const node of view.nodes) drawNode(text, node, node.slot === selected, colors);
  text.line();
  text.line(
    ['  calls           ', dim],
    [column(view.calls)],
    [`${String(view.perSecond).padStart(7)}/s  `],
    [calls(view), green],
  );
  text.line(
    ['  failed          ', dim],
    [column(view.failed), zeroIsGood(view.failed)],
    [`${' '.repeat(11)}`],
    [failures(view), red],
  );
  text.line(['  executed        ', dim], [column(view.executions)]);
  text.line(['  executed twice  ', dim], [column(view.executedTwice), zeroIsGood(view.executedTwice)]);
  text.line(['  retried         ', dim], [column(view.retried), view.retried === 0 ? undefined : yellow]);
  text.line();
  text.line(['  last failovers', dim]);
  if (view.failovers.length === 0) text.line(['    none yet: kill or freeze a node', dim]);
  for (const { at, text: what } of view.failovers) text.line([`    ${timeOfDay(at)}  `, dim], [what]);
  text.line();
  text.line(
    ...KEYS.flatMap(([key, what]): Piece[] => [
      [`  ${key} `, bold],
      [what, dim],
    ]),
  );
  text.line([notice === '' ? '' : `  ${notice}`, yellow]);
  return text.lines;
}

type Piece = readonly [text: string, paint?: ((text: string) => string) | undefined];

/** Lines of coloured pieces, cut at the width of the terminal. */
class FrameText {
  readonly lines: string[] = [];
  readonly #columns: number;

  constructor(columns: number) {
    this.#columns = columns;
  }

  line(...pieces: readonly Piece[]): void {
    let left = this.#columns;
    let line = '';
    for (const [text, paint] of pieces) {
      const shown = text.slice(0, left);
      left -= shown.length;
      line += paint === undefined || shown === '' ? shown : paint(shown);
    }
    this.lines.push(line);
  }
}

function drawNode(text: FrameText, node: NodeView, selected: boolean, colors: Colors): void {
  const { bold, dim, cyan } = colors;
  const seen = node.seen ?? '-';
  text.line(
    [selected ? '▸ ' : '  ', cyan],
    [`${node.slot}  ${node.id.padEnd(20).slice(0, 20)} `, selected ? bold : undefined],
    [`${node.address.padEnd(18)} `],
    [node.process.padEnd(11), processColor(node.process, colors)],
    [seen.padEnd(15), seenColor(seen, colors)],
    [column(node.answered)],
    [node.seen === 'down' || node.seen === 'ejected' ? `  ${node.cause}` : '', dim],
  );
}

function processColor(process: ProcessState, { green, cyan, red, dim }: Colors): (text: string) => string {
  switch (process) {
    case 'running':
      return green;
    case 'frozen':
      return cyan;
    case 'killed':
      return red;
    default:
      return dim;
  }
}

function seenColor(seen: string, { green, red, yellow, dim }: Colors): (text: string) => string {
  switch (seen) {
    case 'ready':
      return green;
    case 'down':
      return red;
    case 'ejected':
    case 'connecting':
      return yellow;
    default:
      return dim;
  }
}

function calls(view: DemoView): string {
  return sparkline(view.history.map((second) => second.calls));
}

function failures(view: DemoView): string {
  return sparkline(view.history.map((second) => second.failed));
}

function column(count: number): string {
  return String(count).padStart(8);
}

/** `12:01:22` */
export function timeOfDay(at: number): string {
  return new Date(at).toTimeString().slice(0, 8);
}
