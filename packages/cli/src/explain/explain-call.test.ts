import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { ExplainView } from './explain-view.js';
import { ExplainCommand } from './testing/explain-command.js';

let command: ExplainCommand;
beforeEach(() => {
  command = new ExplainCommand();
});
afterEach(() => command.end());

const policies = (...texts: readonly string[]) => command.write(...texts);

/** Explains a call to hello under the policies of the test. */
async function explained(...args: readonly string[]): Promise<ExplainView> {
  const { status, stdout, stderr } = await command.runUnder(
    'hello',
    'hello.v1.Hello/Anything',
    '--json',
    ...args,
  );
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  return JSON.parse(stdout);
}

const head = (kind: string, more = '') =>
  `apiVersion: networking.istio.io/v1\nkind: ${kind}\nmetadata: { name: hello${more} }\nspec:\n`;

function rules(...all: readonly string[]): string {
  return `${head('VirtualService')}  hosts: [hello]\n  http:\n${all.map((rule) => `    - ${rule}\n`).join('')}`;
}

const SUBSETS = `${head('DestinationRule')}  host: hello\n  subsets: [{ name: v1, labels: { version: "1" } }, { name: v2, labels: { version: "2" } }]\n`;
const TO = (subset: string, weight = 0) =>
  `{ destination: { host: hello, subset: ${subset} }, weight: ${weight} }`;

describe('micromesh explain', () => {
  test('says of each rule the first condition that does not hold, and of one that comes too late that it does', async () => {
    policies(
      rules(
        `{ name: users, match: [{ headers: { x-user: { prefix: a } } }, { uri: { exact: /other } }], route: [${TO('v1')}] }`,
        `{ name: shop, match: [{ sourceLabels: { app: shop }, sourceNamespace: eu }], route: [${TO('v2')}] }`,
        `{ name: rest, route: [${TO('v1')}] }`,
      ),
      SUBSETS,
    );
    const verdicts = ({ rules: all }: ExplainView) =>
      all.map(({ name, verdict, matches }) => [name, verdict, ...matches.map(({ failure }) => failure)]);
    expect(verdicts(await explained('-H', 'X-User=bob'))).toEqual([
      [
        'users',
        'failed',
        'header x-user is "bob", wants prefix "a"',
        'uri is "/hello.v1.Hello/Anything", wants "/other"',
      ],
      ['shop', 'failed', 'source label app is not there, wants "shop"'],
      ['rest', 'taken', null],
    ]);
    const shop = await explained('--from', 'zone=a,app=shop', '--from-namespace', 'eu');
    expect(verdicts(shop).map(([name, verdict]) => [name, verdict])).toEqual([
      ['users', 'failed'],
      ['shop', 'taken'],
      ['rest', 'later'],
    ]);
    expect(shop).toMatchObject({
      route: 'rule',
      rule: 'shop',
      destinations: [{ subset: 'v2', taken: true }],
    });
  });

  test('says where chance sends a call, and where its hash key does', async () => {
    policies(rules(`{ route: [${TO('v1', 90)}, ${TO('v2', 10)}] }`), SUBSETS);
    const { destinations } = await explained();
    expect(destinations.map(({ subset, ratio, taken }) => [subset, ratio, taken])).toEqual([
      ['v1', 0.9, null],
      ['v2', 0.1, null],
    ]);
    const taken = new Set<string | null>();
    for (let n = 0; n < 50; n++) {
      const one = await explained('--hash-key', `u-${n}`);
      const [to] = one.destinations.filter((each) => each.taken === true);
      expect(one.destinations.filter((each) => each.taken !== null)).toHaveLength(2);
      taken.add(to?.subset ?? null);
    }
    expect([...taken].sort()).toEqual(['v1', 'v2']);
  });

  test("names each value's file and line, Istio's defaults in a block that is there, and micromesh's where none is", async () => {
    policies(
      rules(
        `{ timeout: 2s, retries: { attempts: 3 }, fault: { abort: { grpcStatus: UNAVAILABLE, percentage: { value: 5 } } }, route: [${TO('v1')}] }`,
      ),
      `${head('DestinationRule')}  host: hello\n  trafficPolicy:\n    loadBalancer: { simple: ROUND_ROBIN }\n    outlierDetection: { interval: 1s }\n  subsets: [{ name: v1, labels: { version: "1" } }]\n`,
      `apiVersion: micromesh.io/v1\nkind: RateLimit\nmetadata: { name: hello }\nspec: { host: hello, tokenBucket: { maxTokens: 5, fillInterval: 1s } }\n`,
    );
    const { values, destinations } = await explained();
    const all = [...values, ...(destinations[0]?.values ?? [])];
    const shown = new Map(
      all.map(({ name, value, from }) => [
        name,
        [
          value,
          from.kind === 'policy'
            ? `${from.resource}:${from.line}${from.isDefault ? ' default' : ''}`
            : from.kind,
        ],
      ]),
    );
    expect(Object.fromEntries(shown)).toMatchObject({
      timeoutMs: [2000, 'VirtualService hello:7'],
      'retries.attempts': [3, 'VirtualService hello:7'],
      'retries.retryOn': [
        'connect-failure,refused-stream,unavailable,cancelled',
        'VirtualService hello:7 default',
      ],
      'fault.abort.code': [14, 'VirtualService hello:7'],
      'fault.abort.ratio': [0.05, 'VirtualService hello:7'],
      'loadBalancer.strategy': [{ kind: 'round-robin' }, 'DestinationRule hello:15'],
      'outlierDetection.intervalMs': [1000, 'DestinationRule hello:16'],
      'outlierDetection.consecutive5xxErrors': [5, 'DestinationRule hello:16 default'],
      tls: ['DISABLE', 'default'],
    });
    // A RateLimit is micromesh's own: so are its defaults.
    expect(shown.get('limits.server.RateLimit hello.maxTokens')).toEqual([5, 'RateLimit hello:22']);
    expect(shown.get('limits.server.RateLimit hello.tokensPerFill')).toEqual([1, 'default']);
  });

  test('says what a call ends with that goes to no node, and what a missing subset means', async () => {
    policies(rules(`{ match: [{ headers: { a: { exact: b } } }], route: [${TO('v1')}] }`), SUBSETS);
    expect(await explained()).toMatchObject({
      route: 'none',
      ends: expect.stringContaining('UNIMPLEMENTED: no rule of VirtualService hello takes it'),
      values: [],
      destinations: [],
    });
    policies(rules('{ directResponse: { status: 503, body: { string: closed } } }'));
    expect(await explained()).toMatchObject({
      ends: 'it is answered with 503, in gRPC 14, by no node: closed',
    });
  });

  test('explains a call that no policy is about, and what a resource in dry-run would do', async () => {
    policies(
      rules(`{ name: would, route: [${TO('v2')}] }`).replace(
        'name: hello',
        'name: hello, annotations: { micromesh.io/dry-run: "true" }',
      ),
      SUBSETS,
    );
    expect(await explained()).toMatchObject({
      route: 'unrouted',
      rules: [],
      destinations: [{ service: 'hello', subset: null, taken: true }],
      dryRun: { route: 'rule', rule: 'would', destinations: [{ subset: 'v2' }] },
    });
  });

  test('refuses policies with errors, as every client would', async () => {
    policies(rules('{ timeout: soon }'));
    const { status, stdout, stderr } = await command.runUnder('hello', 'a.B/C');
    expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
    expect(stderr).toContain('hello.yaml:7');
    expect(stderr).toContain('no client would follow these policies');
  });

  test.each([
    [['hello.v1.Hello', 'Anything'], 'is no name in the registry: a proto service, it seems'],
    [['hello.shop', 'a.B/C'], 'is a host of a policy; write hello?ns=shop'],
    [['hello', 'Anything'], 'METHOD: "Anything" is no method; write package.Service/Method'],
    [['hello', 'a.B/C', '-H', 'x-user'], 'is no header; write name=value'],
    [['hello', 'a.B/C', '--from', 'app'], 'write label=value'],
    [['hello', 'a.B/C', '--policies', '/nowhere'], '/nowhere'],
    [['hello', 'a.B/C', '--verb', 'GET'], '--verb: "GET" goes with --gateway'],
  ])('says what to write in place of %j', async (args, message) => {
    const { status, stderr } = await (args.includes('--policies')
      ? command.run(...args)
      : command.runUnder(...args));
    expect(status).toBe(2);
    expect(stderr).toContain(message);
  });
});
