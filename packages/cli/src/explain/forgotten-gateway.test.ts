import { ConfigError } from '@micromesh/core';
import { PolicySet, readPolicies } from '@micromesh/policy';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { withGateway } from './forgotten-gateway.js';
import { ExplainCommand } from './testing/explain-command.js';

const API = `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: api }
spec:
  hosts: [api.example.com, hello]
  gateways: [web, shop/web]
  http: [{ route: [{ destination: { host: hello } }] }]
`;

let command: ExplainCommand;
beforeEach(() => {
  command = new ExplainCommand();
  command.write(
    API,
    `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: dry, annotations: { micromesh.io/dry-run: "true" } }
spec:
  hosts: ["*.example.org"]
  gateways: [edge]
  http: [{ route: [{ destination: { host: hello } }] }]
`,
  );
});
afterEach(() => command.end());

async function refusal(...args: readonly string[]): Promise<string> {
  const { status, stdout, stderr } = await command.runUnder(...args);
  expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
  return stderr;
}

describe('a request without its gateway', () => {
  test.each([
    [
      ['api.example.com', '/x'],
      'SERVICE: "api.example.com" is a host of the HTTP gateways shop/web, web; add --gateway shop/web: micromesh explain api.example.com /x --gateway shop/web',
    ],
    [
      ['api.example.com:8080', '/hello/anything?name=a&b=c'],
      "micromesh explain api.example.com:8080 '/hello/anything?name=a&b=c' --gateway shop/web",
    ],
    [
      ['www.example.org', '/x'],
      '"www.example.org" is a host of the HTTP gateway edge; add --gateway edge: micromesh explain www.example.org /x --gateway edge',
    ],
    [
      ['hello', '/x'],
      'METHOD: "/x" is no method; write package.Service/Method: hello.v1.Hello/Anything; or, as hello is a host of the HTTP gateways',
    ],
  ])('%j: names the gateways of its host, and the command', async (args, message) => {
    expect(await refusal(...args)).toContain(message);
  });

  test('keeps in the command what else was given', async () => {
    const given = ['-H', 'x-user=anna b', '--from', 'app=shop,zone=a', '--from-namespace', 'eu', '--json'];
    const registry = 'static:hello=127.0.0.1:5001';
    const said = await refusal('api.example.com', '/x', ...given, '--registry', registry);
    expect(said).toContain(
      `--gateway shop/web -H 'x-user=anna b' --from app=shop,zone=a --from-namespace eu --policies ${command.folder} --registry ${registry} --json`,
    );
  });

  test('shows no secret of the registry', () => {
    const { resources } = readPolicies([{ file: 'hello.yaml', text: API }]);
    const options = { registry: 'consul://127.0.0.1:8500?token=secret' };
    const error = new ConfigError('SERVICE', 'api.example.com', 'is no name', 'write one');
    const set = PolicySet.compile(resources, { version: '1', caller: { labels: {} } });
    const { message } = withGateway(error, 'api.example.com', '/x', options, set);
    expect(message).toMatch(/ --registry 'consul:[^ ]*\?token=\.\.\.'$/);
  });

  test.each([
    ['API.example.com', 'micromesh explain API.example.com /x --gateway shop/web'],
    ['API.EXAMPLE.COM:80', 'micromesh explain API.EXAMPLE.COM:80 /x --gateway shop/web'],
    ['api.example.com.', 'micromesh explain api.example.com /x --gateway shop/web'],
    ["it's.example.org", "micromesh explain 'it'\\''s.example.org' /x --gateway edge"],
  ])('names them for %s, too', async (host, message) => {
    const said = await refusal(host, '/x');
    expect(said).toContain(`SERVICE: ${JSON.stringify(host)} is a host of the HTTP gateway`);
    expect(said).toContain(message);
  });

  test.each([
    [['other.example.com', '/x'], 'is no name in the registry: a proto service, it seems'],
    [['hello.v1.Hello', '/x'], 'is no name in the registry: a proto service, it seems'],
    [['api.example.com', 'a.B/C'], 'is no name in the registry: a proto service, it seems'],
    [['user', '/x'], 'METHOD: "/x" is no method; write package.Service/Method'],
  ])('%j: says of words that are none what they are as a call', async (args, message) => {
    const said = await refusal(...args);
    expect(said).toContain(message);
    expect(said).not.toContain('--gateway');
  });

  test('says so where the policies cannot be read, too', async () => {
    command.write('no: resource');
    expect(await refusal('api.example.com', '/x')).toContain('a proto service, it seems');
    const nowhere = await command.run('api.example.com', '/x', '--policies', '/nowhere');
    expect(nowhere).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('a proto service, it seems'),
    });
  });
});
