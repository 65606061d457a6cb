import type { Colors } from '../command/colors.js';
import { sparkline } from '../scenario/sparkline.js';
import type { DemoView, NodeView, ProcessState } from './demo-model.js';
import { FrameText, type Piece } from './frame-text.js';
import { KEYS } from './live-keys.js';

/** What stays the same while the demo runs. */
export interface DemoHeadline {
  /** `http://localhost:8080` */
  readonly gatewayUrl: string;
  /** In words: `dev agent 127.0.0.1:40123`. */
  readonly registry: string;
  /** As MICROMESH_REGISTRY takes it, so that other programs can join; a token in it is left out. */
  readonly registryUrl: string;
}

/** What the user has done with the keys. */
export interface Cursor {
  /** The key of the node that is meant. */
  readonly selected: number;
  /** What the last key did, in words; may be empty. */
  readonly notice: string;
}

/** The room for a picture. */
export interface FrameSize {
  readonly columns: number;
  readonly rows: number;
}

/** What stays longest where there are too few rows: without the keys nobody can do anything, not even leave. */
const RANKS = {
  ...{ keys: 0, notice: 1, selectedNode: 2, node: 3, verdict: 4, curl: 5, heads: 6 },
  ...{ figure: 7, registry: 8, failover: 9, space: 10 },
};

/** Draws one picture of the demo: lines without line breaks, none longer than `columns`, and no more than `rows`. */
export function drawFrame(
  headline: DemoHeadline,
  view: DemoView,
  { selected, notice }: Cursor,
  { columns, rows }: FrameSize,
  colors: Colors,
): string[] {
  const text = new FrameText(columns);
  const { bold, dim, cyan, yellow } = colors;

  text.line(RANKS.curl, ['micromesh', bold], ['   curl ', dim], [`${headline.gatewayUrl}/user/test`, cyan]);
  text.line(
    RANKS.registry,
    [`gateway → user → hello ×${view.nodes.length}   `, dim],
    [`MICROMESH_REGISTRY=${headline.registryUrl}`],
    [`   (${headline.registry.replace(/ \S*$/, '')})`, dim],
  );
  text.line(RANKS.space);
  text.line(RANKS.heads, [
    '  #  node                 address            process    seen by user   answered',
    dim,
  ]);
  for (const node of view.nodes) drawNode(text, node, node.slot === selected, colors);
  text.line(RANKS.space);
  drawFigures(text, view, colors);
  text.line(RANKS.space);
  text.line(RANKS.failover, ['  last failovers', dim]);
  if (view.failovers.length === 0) text.line(RANKS.failover, ['    none yet: kill or freeze a node', dim]);
  for (const { at, text: what } of view.failovers) {
    text.line(RANKS.failover, [`    ${timeOfDay(at)}  `, dim], [what]);
  }
  text.line(RANKS.space);
  text.line(
    RANKS.keys,
    ...KEYS.flatMap(([key, what]): Piece[] => [
      [`  ${key} `, bold],
      [what, dim],
    ]),
  );
  text.line(RANKS.notice, [notice === '' ? '' : `  ${notice}`, yellow]);
  return text.fit(rows);
}

function drawFigures(text: FrameText, view: DemoView, { dim, green, red, yellow }: Colors): void {
  const zeroIsGood = (count: number) => (count === 0 ? green : red);
  const beside = [`${String(view.inFlight).padStart(7)} in flight`];
  if (view.executionsOfOthers > 0) beside.push(`${view.executionsOfOthers} executions of calls by others`);
  text.line(
    RANKS.verdict,
    ['  calls           ', dim],
    [column(view.calls)],
    [`${String(view.perSecond).padStart(7)}/s  `],
    [calls(view), green],
  );
  text.line(
    RANKS.verdict,
    ['  failed          ', dim],
    [column(view.failed), zeroIsGood(view.failed)],
    [`${' '.repeat(11)}`],
    [failures(view), red],
  );
  text.line(RANKS.figure, ['  executed        ', dim], [column(view.executions)], [beside.join(', '), dim]);
  text.line(
    RANKS.verdict,
    ['  executed twice  ', dim],
    [column(view.executedTwice), zeroIsGood(view.executedTwice)],
  );
  text.line(
    RANKS.figure,
    ['  retried         ', dim],
    [column(view.retried), view.retried === 0 ? undefined : yellow],
  );
}

function drawNode(text: FrameText, node: NodeView, selected: boolean, colors: Colors): void {
  const { bold, dim, cyan } = colors;
  const seen = node.seen ?? '-';
  text.line(
    selected ? RANKS.selectedNode : RANKS.node,
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
