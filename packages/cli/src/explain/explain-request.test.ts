import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { GatewayView } from './gateway-view.js';
import { ExplainCommand } from './testing/explain-command.js';

const PAGE = 'https://page.example';
const TO_HELLO = 'route: [{ destination: { host: hello } }]';

let command: ExplainCommand;
beforeEach(() => {
  command = new ExplainCommand();
});
afterEach(() => command.end());

interface Where {
  readonly name?: string;
  readonly hosts?: string;
  readonly gateways?: string;
  readonly dryRun?: boolean;
}

/** A VirtualService of a gateway, its rules in flow style: the first is on line 7. */
function rules(where: Where, ...all: readonly string[]): string {
  const { name = 'web', hosts = '"*"', gateways = 'web', dryRun = false } = where;
  return `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: ${name}, annotations: { micromesh.io/dry-run: "${dryRun}" } }
spec:
  hosts: [${hosts}]
  gateways: [${gateways}]
  http: [
${all.map((rule) => `    ${rule}`).join(',\n')}
  ]
`;
}

const SUBSETS = `apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: { name: hello }
spec:
  host: hello
  trafficPolicy: { loadBalancer: { simple: ROUND_ROBIN } }
  subsets: [{ name: v1, labels: { version: "1" } }, { name: v2, labels: { version: "2" } }]
`;

/** Explains a request at the gateway `web`. */
async function explained(host: string, path: string, ...args: readonly string[]): Promise<GatewayView> {
  const ended = await command.runUnder(host, path, '--gateway', 'web', '--json', ...args);
  expect(ended).toMatchObject({ status: 0, stderr: '' });
  return JSON.parse(ended.stdout);
}

async function text(host: string, path: string, ...args: readonly string[]): Promise<string> {
  const ended = await command.runUnder(host, path, '--gateway', 'web', ...args);
  expect(ended).toMatchObject({ status: 0, stderr: '' });
  return ended.stdout.replaceAll(command.folder, 'FOLDER');
}

describe('micromesh explain --gateway', () => {
  test('says of each rule of the host whether it takes the request, and what first does not hold', async () => {
    command.write(
      rules(
        {},
        `{ name: users, match: [{ headers: { x-user: { prefix: a } } }, { queryParams: { x: { exact: "2" } } }], ${TO_HELLO} }`,
        `{ name: zoned, match: [{ sourceLabels: { zone: a } }], ${TO_HELLO} }`,
        `{ name: rest, ${TO_HELLO} }`,
      ),
      SUBSETS,
    );
    const verdicts = ({ rules: all }: GatewayView) =>
      all.map(({ name, verdict, matches }) => [name, verdict, ...matches.map(({ failure }) => failure)]);
    expect(verdicts(await explained('api.example.com', '/hello?x=1', '-H', 'X-User=bob'))).toEqual([
      ['users', 'failed', 'header x-user is "bob", wants prefix "a"', 'query parameter x is "1", wants "2"'],
      ['zoned', 'failed', 'source label zone is not there, wants "a"'],
      ['rest', 'taken', null],
    ]);
    // At a gateway these are labels of its own process.
    expect(await explained('api.example.com', '/hello', '--from', 'zone=a')).toMatchObject({
      rule: 'zoned',
      from: { labels: { zone: 'a' }, namespace: 'default' },
    });
  });

  test.each([
    ['port', 'api.example.com:8080', '/a', []],
    ['port-80', 'api.example.com', '/eighty', []],
    ['authority', 'API.example.com', '/authority', []],
    ['host', 'b.example:80', '/host', []],
    ['address', '[::1]:9000', '/address', []],
    ['query', 'b.example', '/a?y=1&x=a%20b&x=c?d', []],
    ['uri', 'b.example', '/exactly?x=1', []],
    ['verb', 'b.example', '/a', ['--verb', 'delete']],
    ['joined', 'b.example', '/a', ['-H', 'x-a=1', '-H', 'x-a=2']],
    ['json', 'b.example', '/json', ['--verb', 'POST']],
    ['rest', 'b.example', '/json', []],
  ])('finds the rule that a gateway does: %s', async (rule, host, path, args) => {
    const answering = (name: string, match: string) =>
      `{ name: ${name}, match: [{ ${match} }], directResponse: { status: 200, body: { string: ${name} } } }`;
    command.write(
      rules(
        {},
        answering('port', 'port: 8080'),
        answering('port-80', 'port: 80, uri: { exact: /eighty }'),
        answering('authority', 'authority: { exact: api.example.com }'),
        answering('host', 'headers: { host: { exact: "b.example:80" } }'),
        answering('address', 'authority: { exact: "[::1]" }'),
        answering('query', 'queryParams: { x: { exact: a b } }'),
        answering('uri', 'uri: { exact: /exactly }, scheme: { exact: http }'),
        answering('verb', 'method: { exact: DELETE }'),
        answering('joined', 'headers: { x-a: { exact: "1, 2" } }'),
        answering('json', 'headers: { content-type: { exact: application/json } }'),
        answering('rest', 'uri: { prefix: / }'),
      ),
    );
    const view = await explained(host, path, ...args);
    expect(view.rule).toBe(rule);
    expect(view.answer?.body).toBe(rule);
  });

  test('says the answer of the gateway: a redirect, a direct response, 404 without a rule', async () => {
    command.write(
      rules(
        {},
        '{ match: [{ uri: { prefix: /v1/ } }], redirect: { prefixRewrite: /v2/, authority: b.example, scheme: https, redirectCode: 308 } }',
        `{ match: [{ uri: { exact: /closed } }], directResponse: { status: 503, body: { string: '{"a":1}' } }, headers: { response: { set: { x-made: up } } } }`,
      ),
    );
    expect(await explained('a.example:81', '/v1/x?q=1', '--verb', 'PUT')).toMatchObject({
      ends: 'its rule redirects it',
      answer: { status: 308, headers: { location: 'https://b.example/v2/x?q=1' }, body: '' },
      methodPath: null,
      values: [],
      destinations: [],
    });
    expect(await explained('a.example', '/closed')).toMatchObject({
      ends: 'its rule answers it',
      answer: {
        status: 503,
        headers: { 'content-type': 'application/json; charset=utf-8', 'x-made': 'up' },
        body: '{"a":1}',
      },
    });
    const none = await explained('a.example', '/other');
    expect(none).toMatchObject({
      route: 'none',
      ends: 'no rule of VirtualService web takes it; add a rule without a match as the last one',
      answer: { status: 404 },
    });
    expect(await text('a.example', '/v1/x')).toContain(
      '  status    308\n  location  https://b.example/v2/x\n',
    );
  });

  test('says what becomes of preflights, of pages of other sites, and of verbs that call nothing', async () => {
    command.write(
      rules(
        {},
        `{ corsPolicy: { allowOrigins: [{ exact: "${PAGE}" }], allowMethods: [POST], maxAge: 1h }, ${TO_HELLO} }`,
      ),
    );
    const preflight = ['--verb', 'OPTIONS', '-H', 'access-control-request-method=POST', '-H'];
    expect(await explained('a.example', '/hello', ...preflight, `origin=${PAGE}`)).toMatchObject({
      ends: 'the corsPolicy of its rule answers the preflight',
      answer: {
        status: 200,
        headers: { 'access-control-allow-origin': PAGE, 'access-control-max-age': '3600' },
      },
    });
    expect(await explained('a.example', '/hello', ...preflight, 'origin=https://evil.example')).toMatchObject(
      {
        ends: 'the gateway refuses it',
        answer: { status: 403, body: expect.stringContaining('pages of another site') },
      },
    );
    expect(await explained('a.example', '/hello', '--verb', 'PUT')).toMatchObject({
      answer: { status: 405 },
    });
    const allowed = await explained('a.example', '/hello', '--verb', 'POST', '-H', `origin=${PAGE}`);
    expect(allowed).toMatchObject({ answer: null, ends: null, methodPath: '/hello' });
    const cors = allowed.values.filter(({ name }) => name.startsWith('corsPolicy.'));
    expect(cors.find(({ name }) => name === 'corsPolicy.methods')).toMatchObject({
      value: ['POST'],
      from: { kind: 'policy', line: 8, path: 'spec.http[0].corsPolicy' },
    });
    expect(cors.map(({ name }) => name)).not.toContain('corsPolicy.exposedHeaders');
  });

  test('says the path by which the method is found, each value with its origin, and the destinations', async () => {
    const DESTINATIONS =
      '[{ destination: { host: hello, subset: v1 }, weight: 90 }, { destination: { host: hello, subset: v3 }, weight: 10 }]';
    command.write(
      rules(
        {},
        `{ match: [{ uri: { prefix: /greet } }], rewrite: { uri: /hello }, timeout: 2s, route: ${DESTINATIONS} }`,
      ),
      SUBSETS.replace('name: v2', 'name: v3'),
    );
    const view = await explained('a.example', '/greet/anything?name=xuxu');
    expect(view).toMatchObject({ methodPath: '/hello/anything', ends: null, answer: null });
    expect(view.destinations.map(({ subset, ratio, taken }) => [subset, ratio, taken])).toEqual([
      ['v1', 0.9, null],
      ['v3', 0.1, null],
    ]);
    const find = (name: string) =>
      [...view.values, ...(view.destinations[0]?.values ?? [])].find((each) => each.name === name);
    expect(find('timeoutMs')).toMatchObject({ value: 2000, from: { kind: 'policy', line: 8 } });
    expect(find('rewrite.uri')).toMatchObject({ value: '/hello/anything' });
    expect(find('loadBalancer.strategy')).toMatchObject({ value: { kind: 'round-robin' } });
    expect(find('tls')).toMatchObject({ from: { kind: 'default' } });
    expect(await text('a.example', '/greet/anything')).toContain(
      'Its method is the one that the path /hello/anything means\n',
    );
  });

  test('finds the key of nodes in what the gateway sends, but no address of a client that nobody named', async () => {
    const keyed = (consistentHash: string, headers = '{}') =>
      command.write(
        rules({}, `{ headers: { request: ${headers} }, ${TO_HELLO} }`),
        SUBSETS.replace('simple: ROUND_ROBIN', `consistentHash: ${consistentHash}`),
      );
    const candidatesOf = async (...args: readonly string[]) => {
      const registry = ['--registry', 'static:hello=127.0.0.1:5001,127.0.0.1:5002'];
      const { destinations } = await explained('a.example', '/hello?user=u-1', ...registry, ...args);
      return destinations[0]?.candidates;
    };
    const picked = expect.stringMatching(/./);
    keyed('{ httpQueryParameterName: user }');
    expect(await candidatesOf()).toMatchObject({ registered: 2, key: 'u-1', picked });
    keyed('{ httpHeaderName: x-user }', '{ set: { x-user: anna } }');
    expect(await candidatesOf('-H', 'x-user=bob')).toMatchObject({ key: 'anna', picked });
    keyed('{ httpHeaderName: x-user }', '{ remove: [x-user] }');
    expect(await candidatesOf('-H', 'x-user=bob')).toMatchObject({ key: null, picked: null });
    keyed('{ useSourceIp: true }');
    expect(await candidatesOf()).toMatchObject({ key: null, picked: null });
    expect(await candidatesOf('-H', 'x-forwarded-for=10.0.0.7')).toMatchObject({ key: '10.0.0.7', picked });
  });

  test('says that a host has no rules at the gateway, and which command explains its call', async () => {
    command.write(
      rules({ hosts: 'api.example.com' }, '{ directResponse: { status: 403 } }'),
      rules({ name: 'own', hosts: 'hello', gateways: 'mesh' }, '{ directResponse: { status: 503 } }'),
    );
    for (const host of ['hello', 'other.example']) {
      const view = await explained(host, '/hello/anything');
      expect(view).toMatchObject({ route: 'unrouted', rules: [], ends: null, methodPath: '/hello/anything' });
      const said = await text(host, '/hello/anything');
      expect(said).toContain(`there are none for ${host} at the gateway web`);
      expect(said).toContain('micromesh explain SERVICE METHOD');
    }
    expect((await explained('hello', '/x', '--verb', 'PUT')).answer?.status).toBe(405);
  });

  test('says what a DestinationRule in dry-run would make of the nodes of a request', async () => {
    const dry = SUBSETS.replace(
      'metadata: { name: hello }',
      'metadata: { name: dry, annotations: { micromesh.io/dry-run: "true" } }',
    );
    command.write(rules({}, `{ ${TO_HELLO} }`), dry);
    const { dryRun } = await explained('api.example.com', '/a');
    const [destination] = dryRun?.destinations ?? [];
    expect(destination?.values.map(({ name }) => name)).toContain('loadBalancer.strategy');
  });

  test('shows several values of a header as the gateway does, and refuses those of which it keeps one', async () => {
    const cookie = '{ headers: { cookie: { exact: "a=1; b=2" } } }';
    command.write(
      rules({}, `{ name: both, match: [${cookie}], ${TO_HELLO} }`, `{ name: rest, ${TO_HELLO} }`),
    );
    const cookies = ['-H', 'cookie=a=1', '-H', 'Cookie=b=2'];
    expect((await explained('api.example.com', '/a', ...cookies)).rule).toBe('both');
    const twice = ['-H', 'authorization=a', '-H', 'Authorization=b'];
    const ended = await command.runUnder('api.example.com', '/a', '--gateway', 'web', ...twice);
    expect(ended).toMatchObject({ status: 2, stdout: '' });
    expect(ended.stderr).toContain('is said twice');
  });

  test('says what would be if resources in dry-run counted, and nothing where none has a part', async () => {
    command.write(
      rules({ hosts: 'api.example.com' }, `{ name: live, ${TO_HELLO} }`),
      rules({ name: 'all', hosts: 'other.example' }, `{ ${TO_HELLO} }`),
      rules(
        { name: 'dry', hosts: 'api.example.com', dryRun: true },
        '{ name: would, redirect: { uri: /new } }',
      ),
    );
    expect(await explained('api.example.com', '/a?b=1')).toMatchObject({
      rule: 'live',
      answer: null,
      dryRun: {
        rule: 'would',
        ends: 'its rule redirects it',
        answer: { status: 301, headers: { location: 'http://api.example.com/new?b=1' } },
      },
    });
    expect((await explained('other.example', '/a')).dryRun).toBeNull();
    expect(await text('api.example.com', '/a')).toMatch(/If what is in dry-run counted[\s\S]*would/);
  });

  test.each([
    [['a.example', '/a', '--gateway', 'wep'], 'is named by no VirtualService; did you mean web?'],
    [['a.example', '/a', '--gateway', 'other'], 'those named are shop/web, web'],
    [['a.example', '/a', '--gateway', 'mesh'], 'means the calls of processes; leave --gateway out'],
    [['a.example', '/a', '--gateway', 'web', '--verb', 'FETCH'], '--verb: "FETCH" is no verb of HTTP'],
    [['a.example', '/a', '--gateway', 'web', '--hash-key', 'k'], 'a gateway gives its calls none'],
    [['a.example', 'hello.v1.Hello/Anything', '--gateway', 'web'], 'write it from its slash'],
    [['a.example', '/a b', '--gateway', 'web'], 'PATH: "/a b" is no path'],
    [['a.example', '/a//b', '--gateway', 'web'], 'the gateway takes them for one'],
    [['http://a.example', '/a', '--gateway', 'web'], 'HOST: "http://a.example" is no host'],
    [['a.example/b', '/a', '--gateway', 'web'], 'is no host of an HTTP request'],
    [['a.example', '/a', '--gateway', 'web', '-H', 'host=b'], 'write it as HOST alone'],
    [['a.example', '/a', '--gateway', 'web', '-H', 'content-length=5'], 'is of a body; leave it out'],
    [['a.example', '/a', '--gateway', 'web', '-H', 'x-a=é'], 'write printable ASCII'],
  ])('says what to write in place of %j', async (args, message) => {
    command.write(rules({ gateways: 'web, mesh, shop/web' }, `{ ${TO_HELLO} }`));
    const { status, stdout, stderr } = await command.runUnder(...args);
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    expect(stderr).toContain(message);
  });
});
