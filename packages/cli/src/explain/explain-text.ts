import type { Colors } from '../command/colors.js';
import type { ExplainView } from './explain-view.js';
import { callerText, callLines, droppedLines, pairs, placesText, ruleLines } from './way-text.js';
import type { WayView } from './way-view.js';

const NOTE =
  'What code says counts beside it: it may shorten the time, lower the retries, and narrow the nodes; streams have no default time.';

/** What `micromesh explain` prints of a call for people. */
export function explainText(view: ExplainView, colors: Colors): string {
  const { service, method, headers, from, hashKey, didYouMean, policies, dropped, dryRun } = view;
  const lines = [
    `${colors.bold(service)} ${method}`,
    ...(Object.keys(headers).length === 0 ? [] : [`  headers   ${pairs(headers).join('  ')}`]),
    `  from      ${callerText(from)}`,
    ...(hashKey === null ? [] : [`  hash key  ${hashKey}`]),
    `  policies  ${placesText(policies)}`,
    ...(didYouMean === null
      ? []
      : ['', colors.yellow(`Nothing that was asked knows ${service}; did you mean ${didYouMean}?`)]),
    '',
    ...wayLines(view, colors),
    ...droppedLines(dropped, colors),
  ];
  if (dryRun !== null) {
    lines.push('', colors.bold('If what is in dry-run counted'), '', ...wayLines(dryRun, colors));
  }
  return `${lines.join('\n')}\n`;
}

function wayLines(way: WayView, colors: Colors): readonly string[] {
  const { route, rules } = way;
  const lines = [colors.bold('Rules'), ...rules.flatMap((rule) => ruleLines(rule, 'call', colors))];
  if (route === 'unrouted') {
    lines.push(
      rules.length === 0
        ? '  no VirtualService is about the service; the call goes to it as it is'
        : '  none is for this caller; the call goes to its service as it is',
    );
  }
  return [...lines, '', ...callLines(way, 'the call', NOTE, colors)];
}
