import type { Colors } from '../command/colors.js';
import type { GatewayAnswer } from './gateway-answer.js';
import type { GatewayView, GatewayWayView } from './gateway-view.js';
import { callerText, callLines, droppedLines, pairs, placesText, ruleLines } from './way-text.js';

const NOTE =
  "The request's grpc-timeout may shorten the time; streams have no default time. Limits are those of the method that is called.";

const OWN = 'micromesh explain SERVICE METHOD explains a call of a process';

/** What `micromesh explain --gateway` prints for people. */
export function gatewayText(view: GatewayView, colors: Colors): string {
  const { gateway, host, verb, path, headers, from, policies, dropped, dryRun } = view;
  const lines = [
    `${verb} ${colors.bold(host)}${path}  at the gateway ${colors.bold(gateway)}`,
    ...(Object.keys(headers).length === 0 ? [] : [`  headers   ${pairs(headers).join('  ')}`]),
    `  runs in   ${callerText(from)}`,
    `  policies  ${placesText(policies)}`,
    '',
    ...wayLines(view, view, colors),
    ...droppedLines(dropped, colors),
  ];
  if (dryRun !== null) {
    lines.push('', colors.bold('If what is in dry-run counted'), '', ...wayLines(dryRun, view, colors));
  }
  return `${lines.join('\n')}\n`;
}

function wayLines(way: GatewayWayView, { gateway, host }: GatewayView, colors: Colors): readonly string[] {
  const { route, rules, ends, answer, methodPath } = way;
  const lines = [colors.bold('Rules'), ...rules.flatMap((rule) => ruleLines(rule, 'request', colors))];
  if (route === 'unrouted') lines.push(`  there are none for ${host} at the gateway ${gateway}`);
  if (answer !== null) return [...lines, '', ...answerLines(answer, ends ?? '', colors)];
  const found = `Its method is the one that the path ${colors.bold(methodPath ?? '')} means`;
  if (route === 'unrouted') {
    return [...lines, '', found, `Its call goes by the rules for the calls of processes: ${OWN}`];
  }
  return [...lines, '', found, '', ...callLines(way, 'its call', NOTE, colors)];
}

function answerLines(
  { status, headers, body }: GatewayAnswer,
  ends: string,
  colors: Colors,
): readonly string[] {
  const names = Object.keys(headers);
  const width = Math.max('status'.length, ...names.map((name) => name.length));
  const line = (name: string, value: string | number) => `  ${name.padEnd(width)}  ${value}`;
  return [
    colors.red(`The request goes to no node: ${ends}`),
    line('status', status),
    ...names.map((name) => line(name, headers[name] ?? '')),
    ...(body === '' ? [] : [line('body', body)]),
  ];
}
