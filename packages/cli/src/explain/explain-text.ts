import { describeOrigin, type ValueOrigin } from '@micromesh/core';
import type { Colors } from '../command/colors.js';
import { counted } from '../policies/problems-text.js';
import type { CandidatesView, CandidateView } from './candidate-nodes.js';
import type { EffectiveValue } from './effective-values.js';
import type { DestinationView, ExplainView, Place, RuleView, WayView } from './explain-view.js';

const NOTE =
  'What code says counts beside it: it may shorten the time, lower the retries, and narrow the nodes; streams have no default time.';

/** What `micromesh explain` prints for people. */
export function explainText(view: ExplainView, colors: Colors): string {
  const { service, method, headers, from, hashKey, policies, dropped, dryRun } = view;
  const places = policies.map(
    ({ source, version, resources }) =>
      `${source}${version === null ? '' : ` version ${version}`} (${counted(resources, 'resource')})`,
  );
  const caller = [...pairs(from.labels), `in namespace ${from.namespace}`];
  const lines = [
    `${colors.bold(service)} ${method}`,
    ...(Object.keys(headers).length === 0 ? [] : [`  headers   ${pairs(headers).join('  ')}`]),
    `  from      ${caller.join('  ')}`,
    ...(hashKey === null ? [] : [`  hash key  ${hashKey}`]),
    `  policies  ${places.join(', ')}`,
    '',
    ...wayLines(view, colors),
  ];
  for (const { reason, ...at } of dropped) {
    lines.push(colors.yellow(`left out: ${place(at)} ${at.resource}: ${reason}`));
  }
  if (dryRun !== null) {
    lines.push('', colors.bold('If what is in dry-run counted'), '', ...wayLines(dryRun, colors));
  }
  return `${lines.join('\n')}\n`;
}

function wayLines({ route, rules, ends, values, destinations }: WayView, colors: Colors): readonly string[] {
  const lines = [colors.bold('Rules'), ...rules.flatMap((rule) => ruleLines(rule, colors))];
  if (route === 'unrouted') {
    lines.push(
      rules.length === 0
        ? '  no VirtualService is about the service; the call goes to it as it is'
        : '  none is for this caller; the call goes to its service as it is',
    );
  }
  if (ends !== null) return [...lines, '', colors.red(`The call goes to no node: ${ends}`)];
  lines.push('', colors.bold('What holds for the call'), ...valueLines(values, '  ', colors));
  lines.push(colors.dim(`  ${NOTE}`), '', colors.bold('Where it goes'));
  const said = new Set<string>();
  for (const destination of destinations) lines.push(...destinationLines(destination, said, colors));
  return lines;
}

function ruleLines({ name, verdict, at, matches }: RuleView, colors: Colors): readonly string[] {
  const words = {
    taken: colors.green('takes the call'),
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

/** @param said - of the destinations before: what is the same is not said again. */
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

function pairs(map: Readonly<Record<string, string>>): readonly string[] {
  return Object.entries(map).map(([name, value]) => `${name}=${value}`);
}

function place({ file, line }: Place): string {
  return `${file}:${line}`;
}
