import { describeOrigin, type ValueOrigin } from '@micromesh/core';
import type { Colors } from '../command/colors.js';
import { counted } from '../policies/problems-text.js';
import type { CandidatesView, CandidateView } from './candidate-nodes.js';
import type { EffectiveValue } from './effective-values.js';
import type { PolicyPlaceFacts } from './explained-policies.js';
import type { CallerView, DestinationView, DroppedView, Place, RuleView, WayView } from './way-view.js';

/** Where policies were read. */
export function placesText(places: readonly PolicyPlaceFacts[]): string {
  return places
    .map(
      ({ source, version, resources }) =>
        `${source}${version === null ? '' : ` version ${version}`} (${counted(resources, 'resource')})`,
    )
    .join(', ');
}

/** Rules that are left out, and why. */
export function droppedLines(dropped: readonly DroppedView[], colors: Colors): readonly string[] {
  return dropped.map(({ reason, ...at }) =>
    colors.yellow(`left out: ${place(at)} ${at.resource}: ${reason}`),
  );
}

/** @param what - that it takes: `call`. */
export function ruleLines(
  { name, verdict, at, matches }: RuleView,
  what: string,
  colors: Colors,
): readonly string[] {
  const words = {
    taken: colors.green(`takes the ${what}`),
    later: 'matches, and comes later',
    failed: 'does not match',
  } as const;
  const mark = verdict === 'taken' ? colors.green('>') : ' ';
  const head = `${mark} ${colors.bold(name)}  ${place(at)}  ${words[verdict]}`;
  const failures = matches.flatMap(({ name: match, at: where, failure }) =>
    failure === null
      ? []
      : [`      ${failure}  ${colors.dim(`${match === '' ? '' : `${match} `}${place(where)}`)}`],
  );
  // Of a rule that matches, how its other matches failed is of no interest.
  return verdict === 'failed' ? [head, ...failures] : [head];
}

/** The process that calls: its namespace, and its labels. */
export function callerText({ labels, namespace }: CallerView): string {
  return [`namespace ${namespace}`, ...pairs(labels)].join('  ');
}

/**
 * What holds for a call, and where it goes; that it goes nowhere.
 *
 * @param whose - `the call`.
 * @param note - what else may count.
 */
export function callLines(
  { ends, values, destinations }: WayView,
  whose: string,
  note: string,
  colors: Colors,
): readonly string[] {
  const end = ends === null ? [] : [colors.red(`The call goes to no node: ${ends}`)];
  if (values.length === 0) return end;
  const holds = [
    colors.bold(`What holds for ${whose}`),
    ...valueLines(values, '  ', colors),
    colors.dim(`  ${note}`),
  ];
  return ends === null
    ? [...holds, '', colors.bold('Where it goes'), ...destinationsLines(destinations, colors)]
    : [...end, '', ...holds];
}

/** Where calls go; what is the same as of a destination before is not said again. */
function destinationsLines(destinations: readonly DestinationView[], colors: Colors): readonly string[] {
  const said = new Set<string>();
  return destinations.flatMap((destination) => destinationLines(destination, said, colors));
}

function destinationLines(view: DestinationView, said: Set<string>, colors: Colors): readonly string[] {
  const { service, subset, labels, port, ratio, taken, at, problem, candidates } = view;
  const isFirst = said.size === 0;
  const values = view.values.filter((value) => !said.has(JSON.stringify(value)));
  for (const value of values) said.add(JSON.stringify(value));
  const mark = taken === true ? colors.green('>') : ' ';
  const share = taken === null ? `by chance, ${percent(ratio)}` : percent(ratio);
  const where = [
    colors.bold(service),
    ...(subset === null ? [] : [`subset ${subset}`]),
    ...(labels === null ? [] : [`(${pairs(labels).join(', ')})`]),
    ...(port === null ? [] : [`port ${port}`]),
  ];
  return [
    `${mark} ${where.join(' ')}  ${share}${at === null ? '' : `  ${place(at)}`}`,
    ...(problem === null ? [] : [`      ${colors.red(problem)}`]),
    ...valueLines(values, '      ', colors),
    ...(isFirst ? [] : [colors.dim(`      ${values.length === 0 ? 'all' : 'all else'} as above`)]),
    ...(candidates === null ? [] : candidateLines(candidates, taken !== false, colors)),
  ];
}

function candidateLines(
  { registered, nodes, key, picked }: CandidatesView,
  isTaken: boolean,
  colors: Colors,
): readonly string[] {
  const lines = [`      ${counted(nodes.length, 'node')} of ${registered} that are registered`];
  const rows = nodes.map(({ id, address, version, labels }) => [
    id,
    address,
    version,
    pairs(labels).join(','),
  ]);
  const widths = widthsOf(rows);
  for (const [index, node] of nodes.entries()) {
    const cells = (rows[index] ?? []).map((cell, at) => cell.padEnd(widths[at] ?? 0)).join('  ');
    const mark = node.id === picked && isTaken ? colors.green('>') : ' ';
    lines.push(`      ${mark} ${cells}  passing${statesText(node)}`);
  }
  if (key !== null && picked !== null) {
    lines.push(`      key ${JSON.stringify(key)} goes to ${colors.bold(picked)} while it is ready`);
  }
  if (nodes.length === 0)
    lines.push(colors.yellow('      no node fits: calls wait, and end with UNAVAILABLE'));
  return lines;
}

function statesText({ intervention, clients }: CandidateView): string {
  const states = clients.map(({ id, address, state, cause }) => {
    const who = id === '' ? address : id;
    return `${who}: ${state}${cause === '' ? '' : ` (${cause})`}`;
  });
  const byHand = intervention === null ? [] : [`ejected by ${intervention.who} until ${intervention.until}`];
  return [...byHand, ...states].map((state) => `  ${state}`).join('');
}

/** Values with their origins. */
function valueLines(values: readonly EffectiveValue[], indent: string, colors: Colors): readonly string[] {
  const rows = values.map(({ name, value }) => [name, valueText(value)]);
  const widths = widthsOf(rows);
  return values.map(({ from }, index) => {
    const cells = (rows[index] ?? []).map((cell, at) => cell.padEnd(widths[at] ?? 0)).join('  ');
    return `${indent}${cells}  ${colors.dim(originText(from))}`;
  });
}

/** The place first, which an editor opens. */
function originText(origin: ValueOrigin): string {
  if (origin.kind !== 'policy') return describeOrigin(origin);
  const { path, isDefault } = origin;
  return isDefault ? `Istio's default for the block at ${place(origin)}` : `${place(origin)} ${path}`;
}

/** One wide cell does not push the others out of sight. */
const MAX_CELL = 60;

function widthsOf(rows: readonly (readonly string[])[]): readonly number[] {
  const columns = Math.max(0, ...rows.map((row) => row.length));
  return Array.from({ length: columns }, (_, at) =>
    Math.min(MAX_CELL, Math.max(0, ...rows.map((row) => row[at]?.length ?? 0))),
  );
}

/** `consistent-hash, source: header, x-user, algorithm: ringHash, minimumRingSize: 1024` */
function valueText(value: unknown): string {
  if (value === null || value === undefined) return 'none';
  if (Array.isArray(value)) return value.map(valueText).join(', ');
  if (typeof value !== 'object') return String(value);
  return Object.entries(value)
    .filter(([, each]) => each !== undefined)
    .map(([name, each]) =>
      ['kind', 'name'].includes(name) ? valueText(each) : `${name}: ${valueText(each)}`,
    )
    .join(', ');
}

function percent(ratio: number): string {
  return `${Number((ratio * 100).toFixed(2))} %`;
}

/** `name=value` each. */
export function pairs(map: Readonly<Record<string, string>>): readonly string[] {
  return Object.entries(map).map(([name, value]) => `${name}=${value}`);
}

function place({ file, line }: Place): string {
  return `${file}:${line}`;
}
