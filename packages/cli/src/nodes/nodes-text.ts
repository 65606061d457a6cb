import type { Colors } from '../command/colors.js';
import type { NodesView, ShownIntervention, ShownSight } from './nodes-view.js';

/** What `micromesh nodes` prints for people. */
export function nodesText(
  { service, registry, nodes, unasked, unreadable }: NodesView,
  colors: Colors,
): string {
  const clients = new Set(nodes.flatMap((node) => node.clients.map(({ id, address }) => `${id} ${address}`)));
  const lines = [
    `${service} at ${registry}: ${count(nodes.length, 'node')}, seen by ${count(clients.size, 'client process', 'es')}`,
  ];
  for (const { id, address, version, registered, intervention, clients: sights } of nodes) {
    const facts = [address, version, registered ? 'passing' : colors.yellow('not registered')];
    lines.push('', [colors.bold(id), ...facts.filter((fact) => fact !== '')].join('  '));
    if (intervention !== null) lines.push(`  ${colors.yellow(byHand(intervention))}`);
    const width = Math.max(0, ...sights.map((sight) => nameOf(sight).length));
    for (const sight of sights) lines.push(`  ${nameOf(sight).padEnd(width)}  ${stateText(sight, colors)}`);
  }
  if (unasked.length > 0 || unreadable.length > 0) lines.push('');
  for (const { problem, ...process } of unasked) {
    lines.push(colors.dim(`not asked: ${nameOf(process)} ${process.address}: ${problem}`));
  }
  for (const { key, problem } of unreadable) {
    lines.push(colors.yellow(`nobody can follow ${key}: it ${problem}`));
  }
  return `${lines.join('\n')}\n`;
}

function byHand({ who, why, until, ignored }: ShownIntervention): string {
  const said = `ejected by ${who} until ${until}: ${why}`;
  return ignored ? `${said} (ignored: it is the last node)` : said;
}

function nameOf({ id, address }: { readonly id: string; readonly address: string }): string {
  return id === '' ? address : id;
}

function stateText({ state, cause, until }: ShownSight, colors: Colors): string {
  const shown = `${colored(state, colors)}${' '.repeat(Math.max(0, 'connecting'.length - state.length))}`;
  const end = until === null || cause.includes(until) ? '' : ` until ${until}`;
  return `${shown}  ${cause}${end}`.trimEnd();
}

function colored(state: string, colors: Colors): string {
  switch (state) {
    case 'ready':
      return colors.green(state);
    case 'ejected':
      return colors.yellow(state);
    case 'down':
      return colors.red(state);
    default:
      return state;
  }
}

function count(number: number, noun: string, plural = 's'): string {
  return `${number} ${noun}${number === 1 ? '' : plural}`;
}
