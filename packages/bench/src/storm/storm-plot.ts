import { type ChartArea, type ChartLine, chartBand, chartFrame, chartLine, xAt, yAt } from './line-chart.js';
import { DEFAULTS, NEITHER } from './protection.js';
import { runNamed, type StormResult } from './storm-result.js';

const WIDTH = 900;
const HEIGHT = 560;
const LEFT = 84;
const CHART_WIDTH = WIDTH - LEFT - 24;

interface Palette {
  readonly ground: string;
  readonly ink: string;
  readonly faint: string;
  readonly grid: string;
  readonly band: string;
  readonly ours: string;
  readonly other: string;
}

const LIGHT: Palette = {
  ground: '#ffffff',
  ink: '#1f2328',
  faint: '#59636e',
  grid: '#e4e8ec',
  band: '#fff0d9',
  ours: '#0969da',
  other: '#bc4c00',
};
const DARK: Palette = {
  ground: '#0d1117',
  ink: '#e6edf3',
  faint: '#9198a1',
  grid: '#242b33',
  band: '#3a2a12',
  ours: '#58a6ff',
  other: '#ff8c4b',
};

/** A ground of its own, so that it reads on a page of any colour. No variables: not every viewer knows them. */
const STYLE = `
text { font: 13px system-ui, 'Segoe UI', Helvetica, Arial, sans-serif; }
.title { font-size: 15px; font-weight: 600; }
.ours-name, .other-name { font-weight: 600; }
.line { fill: none; stroke-width: 2.5; stroke-linejoin: round; }
.offered { stroke-width: 1.5; stroke-dasharray: 2 4; }
${inColours(LIGHT)}
@media (prefers-color-scheme: dark) {
${inColours(DARK)}
}`;

function inColours({ ground, ink, faint, grid, band, ours, other }: Palette): string {
  return [
    `.ground { fill: ${ground}; } .band { fill: ${band}; } .title { fill: ${ink}; }`,
    `.tick, .label, .note { fill: ${faint}; } .axis, .offered { stroke: ${faint}; } .grid { stroke: ${grid}; }`,
    `.ours { stroke: ${ours}; } .ours-name { fill: ${ours}; } .other { stroke: ${other}; } .other-name { fill: ${other}; }`,
  ].join('\n');
}

/** The plot: what callers get, and what reaches stock, with micromesh's defaults and without. */
export function stormPlot(result: StormResult): string {
  const { setting, capacityPerSecond } = result;
  const ours = runNamed(result, DEFAULTS.name);
  const other = runNamed(result, NEITHER.name);
  const fault = { from: setting.faultFromMs / 1000, to: setting.faultToMs / 1000 };
  const maxX = setting.durationMs / 1000;
  const xTicks = steps(maxX, 5);
  const goodput = area('Calls that end well', 'calls per second', 52, 220, maxX, xTicks, capacityPerSecond);
  const worst = Math.max(...other.seconds.map(({ attempts }) => attempts), capacityPerSecond);
  const attempts = area(
    'Requests that reach the service',
    'requests per second',
    352,
    140,
    maxX,
    xTicks,
    worst,
  );
  const offered = ours.seconds.map((second) => second.offered);
  const back = ours.recoveredAfterMs;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" width="${WIDTH}" height="${HEIGHT}" role="img" aria-label="${words(back, other.recoveredAfterMs)}">`,
    `<style>${STYLE}\n</style>`,
    '<rect class="ground" width="100%" height="100%" rx="8"/>',
    ...chart(goodput, fault, [
      { style: 'offered', values: offered },
      { style: 'other', values: other.seconds.map((second) => second.goodput) },
      { style: 'ours', values: ours.seconds.map((second) => second.goodput) },
    ]),
    note(goodput, (fault.from + fault.to) / 2, 0.94, 'note', 'half of the capacity is gone', 'middle'),
    note(goodput, maxX, 0.8, 'note', 'offered (dotted)', 'end'),
    note(goodput, maxX, 0.36, 'ours-name', `micromesh's defaults: ${when(back)}`, 'end'),
    note(
      goodput,
      maxX,
      0.06,
      'other-name',
      `without retry budget and chain stop: ${when(other.recoveredAfterMs)}`,
      'end',
    ),
    ...chart(attempts, fault, [
      { style: 'other', values: other.seconds.map((second) => second.attempts) },
      { style: 'ours', values: ours.seconds.map((second) => second.attempts) },
    ]),
    `<path class="line offered" d="M${LEFT} ${yAt(attempts, capacityPerSecond)}H${LEFT + CHART_WIDTH}"/>`,
    note(attempts, maxX, 0.3, 'note', `capacity ${capacityPerSecond}/s (dotted)`, 'end'),
    `<text class="label" x="${LEFT + CHART_WIDTH / 2}" y="${HEIGHT - 20}" text-anchor="middle">seconds</text>`,
    '</svg>',
    '',
  ].join('\n');
}

function chart(
  on: ChartArea,
  fault: { readonly from: number; readonly to: number },
  lines: readonly ChartLine[],
): readonly string[] {
  return [chartBand(on, fault.from, fault.to), chartFrame(on), ...lines.map((line) => chartLine(on, line))];
}

function area(
  title: string,
  yLabel: string,
  top: number,
  height: number,
  maxX: number,
  xTicks: readonly number[],
  most: number,
): ChartArea {
  const step = tickStep(most);
  const maxY = Math.ceil((most * 1.02) / step) * step;
  return {
    ...{ left: LEFT, top, width: CHART_WIDTH, height, maxX, maxY },
    ...{ xTicks, yTicks: steps(maxY, step), title, yLabel },
  };
}

/** A round step that gives three to seven ticks. */
function tickStep(most: number): number {
  const decade = 10 ** Math.floor(Math.log10(most));
  const [step = decade] = [0.2, 0.5, 1, 2].map((part) => part * decade).filter((each) => most / each <= 6);
  return step;
}

function steps(to: number, step: number): readonly number[] {
  return Array.from({ length: Math.floor(to / step) + 1 }, (_, index) => index * step);
}

/** @param share - of the height, from below. */
function note(
  on: ChartArea,
  second: number,
  share: number,
  style: string,
  text: string,
  anchor: string,
): string {
  const inset = anchor === 'end' ? 6 : 0;
  return `<text class="${style}" x="${xAt(on, second) - inset}" y="${yAt(on, on.maxY * share)}" text-anchor="${anchor}">${text}</text>`;
}

function when(back: number | null): string {
  return back === null ? 'not back' : `back after ${back / 1000} s`;
}

function words(ours: number | null, other: number | null): string {
  return `A retry storm: half of a service's capacity is gone for ten seconds. Goodput with micromesh's defaults: ${when(ours)}; without retry budget and chain stop: ${when(other)}`;
}
