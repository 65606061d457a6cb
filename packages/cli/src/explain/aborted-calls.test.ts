import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ExplainCommand } from './testing/explain-command.js';

let command: ExplainCommand;
beforeEach(() => {
  command = new ExplainCommand();
});
afterEach(() => command.end());

/** A rule that aborts calls, for a process and at the gateway `web`. */
function abort(status: string, percent: number, annotations = ''): void {
  command.write(`apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: hello, annotations: { ${annotations} } }
spec:
  hosts: [hello]
  gateways: [mesh, web]
  http:
    - fault: { abort: { ${status}, percentage: { value: ${percent} } } }
      route: [{ destination: { host: hello } }]
`);
}

const CALL = ['hello', 'hello.v1.Hello/Anything'];
const REQUEST = ['hello', '/hello/anything', '--gateway', 'web'];
const AT = 'VirtualService hello spec.http[0].fault.abort';

async function explained(...args: readonly string[]) {
  const { status, stdout } = await command.runUnder(...args, '--json');
  expect(status).toBe(0);
  return JSON.parse(stdout);
}

describe('a rule that aborts all of its calls', () => {
  test.each([
    ['a call', CALL, 'httpStatus: 418', '', `UNKNOWN: ${AT} ends every call on purpose`],
    [
      'attempts',
      CALL,
      'grpcStatus: UNAVAILABLE',
      'micromesh.io/fault-scope: attempt',
      `UNAVAILABLE: ${AT} ends every attempt on purpose`,
    ],
    ['a request', REQUEST, 'httpStatus: 418', '', `418, in gRPC UNKNOWN: ${AT} ends every call on purpose`],
    [
      'attempts of a request',
      REQUEST,
      'httpStatus: 418',
      'micromesh.io/fault-scope: attempt',
      `UNKNOWN: ${AT} ends every attempt on purpose`,
    ],
    [
      'a request, by a gRPC status',
      REQUEST,
      'grpcStatus: UNAVAILABLE',
      '',
      `UNAVAILABLE: ${AT} ends every call on purpose`,
    ],
  ])('sends none to a node: %s', async (_what, args, status, annotations, ends) => {
    abort(status, 100, annotations);
    const view = await explained(...args);
    expect(view).toMatchObject({ route: 'rule', ends, destinations: [] });
    expect(view.values).toContainEqual(expect.objectContaining({ name: 'fault.abort.ratio', value: 1 }));
    const { stdout } = await command.runUnder(...args);
    expect(stdout).toContain(`\nThe call goes to no node: ${ends}\n\nWhat holds for `);
    expect(stdout).not.toContain('Where it goes');
  });

  test.each([[CALL], [REQUEST]])('is not one that lets some go on: %j', async (args) => {
    abort('grpcStatus: UNAVAILABLE', 99.9);
    expect(await explained(...args)).toMatchObject({ ends: null, destinations: [{ service: 'hello' }] });
    expect((await command.runUnder(...args)).stdout).toContain('Where it goes');
  });
});

describe('the process that calls', () => {
  test('is told by its namespace, then by its labels', async () => {
    abort('grpcStatus: UNAVAILABLE', 1);
    expect((await command.runUnder(...CALL)).stdout).toContain('\n  from      namespace default\n');
    const labelled = await command.runUnder(
      ...REQUEST,
      '--from',
      'app=shop,zone=a',
      '--from-namespace',
      'eu',
    );
    expect(labelled.stdout).toContain('\n  runs in   namespace eu  app=shop  zone=a\n');
  });
});
