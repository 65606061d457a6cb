/** A line of a chart. */
export interface ChartLine {
  /** Of its style: `.line.NAME`. */
  readonly style: string;
  /** One value an x step. */
  readonly values: readonly number[];
}

/** Where a chart is, and what it shows. */
export interface ChartArea {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
  /** The value at the right edge; 0 is at the left. */
  readonly maxX: number;
  /** The value at the upper edge; 0 is at the lower. */
  readonly maxY: number;
  readonly xTicks: readonly number[];
  readonly yTicks: readonly number[];
  readonly title: string;
  readonly yLabel: string;
}

/** Where a value of the x axis is. */
export function xAt({ left, width, maxX }: ChartArea, value: number): number {
  return round(left + (width * value) / maxX);
}

/** Where a value of the y axis is. */
export function yAt({ top, height, maxY }: ChartArea, value: number): number {
  return round(top + height - (height * value) / maxY);
}

/** A marked span of the x axis, from edge to edge of the chart. */
export function chartBand(area: ChartArea, from: number, to: number): string {
  const x = xAt(area, from);
  const width = round(xAt(area, to) - x);
  return `<rect class="band" x="${x}" y="${area.top}" width="${width}" height="${area.height}"/>`;
}

/** Title, axes, ticks and grid. */
export function chartFrame(area: ChartArea): string {
  const { left, top, width, height, title, yLabel } = area;
  const right = left + width;
  const bottom = top + height;
  const middle = top + height / 2;
  const grid = area.yTicks.map((value) => {
    const y = yAt(area, value);
    return `<path class="grid" d="M${left} ${y}H${right}"/><text class="tick" x="${left - 8}" y="${y + 4}" text-anchor="end">${value}</text>`;
  });
  const ticks = area.xTicks.map((value) => {
    const x = xAt(area, value);
    return `<path class="axis" d="M${x} ${bottom}v4"/><text class="tick" x="${x}" y="${bottom + 18}" text-anchor="middle">${value}</text>`;
  });
  return [
    `<text class="title" x="${left}" y="${top - 12}">${title}</text>`,
    `<text class="label" transform="translate(${left - 52} ${middle}) rotate(-90)" text-anchor="middle">${yLabel}</text>`,
    ...grid,
    `<path class="axis" d="M${left} ${bottom}H${right}"/>`,
    ...ticks,
  ].join('\n');
}

/** A line through the middle of each step. */
export function chartLine(area: ChartArea, { style, values }: ChartLine): string {
  const points = values.map((value, step) => `${xAt(area, step + 0.5)} ${yAt(area, value)}`);
  return `<path class="line ${style}" d="M${points.join('L')}"/>`;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
