import type { HttpMatchRequest } from '../schema/virtual-service/match.js';
import type { StringMatch } from '../schema/virtual-service/string-match.js';
import type { PolicyCaller, RouteRequest } from './route-request.js';
import { compileTextTest, type TextTest } from './text-test.js';

/** What a condition looks at. */
export interface Subject {
  readonly kind:
    | 'gateway'
    | 'sourceLabel'
    | 'sourceNamespace'
    | 'port'
    | 'uri'
    | 'authority'
    | 'scheme'
    | 'method'
    | 'header'
    | 'queryParam';
  /** Of the label, header or parameter; empty for the others. */
  readonly name: string;
}

/**
 * When a subject is known. `caller`: when policies are compiled; `shape`: the same for all calls of one path, authority, port, scheme and
 * verb; `call`: anew for each.
 */
export type Decided = 'caller' | 'shape' | 'call';

/** One condition of a match: it holds or not, whatever the others do. */
export interface Condition extends TextTest {
  readonly subject: Subject;
  readonly decided: Decided;
}

/** From where a request comes: the process, and the gateway in it that took it (`mesh`: the process calls by itself). */
export interface Source {
  readonly caller: PolicyCaller;
  readonly gateway: string;
}

/** What there is to see of a subject; undefined: nothing. */
export function readSubject(subject: Subject, source: Source, request: RouteRequest): string | undefined {
  const { name } = subject;
  switch (subject.kind) {
    case 'header':
      return request.header(name);
    case 'uri':
      return request.path;
    case 'authority':
      return request.authority;
    case 'scheme':
      return request.scheme;
    case 'method':
      return request.verb;
    case 'port':
      return request.port === undefined ? undefined : String(request.port);
    case 'queryParam':
      return new URLSearchParams(request.query ?? '').get(name) ?? undefined;
    case 'gateway':
      return source.gateway;
    case 'sourceLabel':
      return Object.hasOwn(source.caller.labels, name) ? source.caller.labels[name] : undefined;
    case 'sourceNamespace':
      return source.caller.namespace ?? 'default';
  }
}

/** Why a condition does not hold: `header x-user is "b", wants prefix "a"`. */
export function describeFailure({ subject, wants }: Condition, value: string | undefined): string {
  const what = `${WORDS[subject.kind]}${subject.name === '' ? '' : ` ${subject.name}`}`;
  return `${what} ${value === undefined ? 'is not there' : `is ${JSON.stringify(value)}`}, wants ${wants}`;
}

const WORDS: Readonly<Record<Subject['kind'], string>> = {
  gateway: 'gateway',
  sourceLabel: 'source label',
  sourceNamespace: 'source namespace',
  port: 'port',
  uri: 'uri',
  authority: 'authority',
  scheme: 'scheme',
  method: 'method',
  header: 'header',
  queryParam: 'query parameter',
};

/** The conditions of one match; what is known early comes first. All must hold. */
export function compileConditions(match: HttpMatchRequest): readonly Condition[] {
  const conditions: Condition[] = [];
  const add = (decided: Decided, kind: Subject['kind'], name: string, test: TextTest) =>
    conditions.push({ subject: { kind, name }, decided, ...test });
  const { gateways, sourceLabels, sourceNamespace, port, uri, authority, scheme, method } = match;
  if (gateways !== undefined) add('caller', 'gateway', '', oneOf(gateways));
  for (const [name, exact] of Object.entries(sourceLabels ?? {}))
    add('caller', 'sourceLabel', name, compileTextTest({ exact }));
  if (sourceNamespace !== undefined) {
    add('caller', 'sourceNamespace', '', compileTextTest({ exact: sourceNamespace }));
  }
  if (port !== undefined) add('shape', 'port', '', compileTextTest({ exact: String(port) }));
  if (uri !== undefined) {
    add('shape', 'uri', '', compileTextTest(uri, { anyCase: match.ignoreUriCase === true }));
  }
  for (const [kind, each] of [
    ['authority', authority],
    ['scheme', scheme],
    ['method', method],
  ] as const) {
    if (each !== undefined) add('shape', kind, '', compileTextTest(each));
  }
  const addAll = (kind: Subject['kind'], map: Matches, inverted: boolean) => {
    for (const [name, each] of Object.entries(map ?? {}))
      add('call', kind, kind === 'header' ? name.toLowerCase() : name, compileTextTest(each, { inverted }));
  };
  addAll('header', match.headers, false);
  addAll('header', match.withoutHeaders, true);
  addAll('queryParam', match.queryParams, false);
  return conditions;
}

type Matches = Readonly<Record<string, StringMatch>> | undefined;

function oneOf(words: readonly string[]): TextTest {
  return { holds: (text) => text !== undefined && words.includes(text), wants: words.join(' or ') };
}
