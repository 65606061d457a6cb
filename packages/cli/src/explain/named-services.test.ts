import { PolicySet } from '@micromesh/policy';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { explainView } from './explain-view.js';
import { readCall } from './explained-call.js';
import { ExplainCommand } from './testing/explain-command.js';

let command: ExplainCommand;
beforeEach(() => {
  command = new ExplainCommand();
  command.write(
    `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: greetings, namespace: shop }
spec:
  hosts: [greetings]
  http: [{ route: [{ destination: { host: hello.default } }], mirror: { host: mirrored } }]
`,
    `apiVersion: micromesh.io/v1
kind: RateLimit
metadata: { name: limit }
spec: { host: limited, tokenBucket: { maxTokens: 5, fillInterval: 1s } }
`,
  );
});
afterEach(() => command.end());

const REGISTRY = ['--registry', 'static:billing=127.0.0.1:5001'];

/** What is probably meant by a service, and what is printed for people. */
async function meantBy(service: string, ...args: readonly string[]) {
  const { status, stdout } = await command.runUnder(service, 'a.B/C', '--json', ...args);
  expect(status).toBe(0);
  return JSON.parse(stdout).didYouMean;
}

describe('a service that nobody knows', () => {
  test.each([
    ['helo', 'hello'],
    ['mirored', 'mirrored'],
    ['limitd', 'limited'],
    ['greeting', 'greetings'],
    ['helo?ns=shop', 'hello?ns=shop'],
    // Of another place, of which nobody here has the names.
    ['helo?dc=dc2', null],
    ['helo?partition=a', null],
    ['helo?peer=b', null],
    ['nobody', null],
    // It may be a service without policies, for all that the files say.
    ['biling', null],
  ])('is probably another of the resources: %s', async (service, meant) => {
    expect(await meantBy(service)).toBe(meant);
  });

  test('is probably another of the registry that was asked', async () => {
    expect(await meantBy('biling', ...REGISTRY)).toBe('billing');
    const { stdout } = await command.runUnder('biling', 'a.B/C', ...REGISTRY);
    expect(stdout).toContain('\nNothing that was asked knows biling; did you mean billing?\n');
  });

  test('is not one of which nodes were found', async () => {
    const call = readCall({ service: 'helo?ns=shop', method: 'a.B/C' });
    const didYouMean = async (registered: number) => {
      const candidates = { registered, nodes: [], key: null, picked: null };
      const names = async () => ['hello'];
      return (
        await explainView(
          PolicySet.compile([], { version: '1', caller: { labels: {} } }),
          call,
          [],
          async () => candidates,
          names,
        )
      ).didYouMean;
    };
    expect(await Promise.all([didYouMean(0), didYouMean(1)])).toEqual(['hello?ns=shop', null]);
  });

  test.each(['hello', 'mirrored', 'limited', 'greetings?ns=shop', 'billing'])(
    'is not one that has a name there: %s',
    async (service) => {
      expect(await meantBy(service, ...REGISTRY)).toBeNull();
      const { stdout } = await command.runUnder(service, 'a.B/C', ...REGISTRY);
      expect(stdout).not.toContain('did you mean');
    },
  );

  test('is none where a resource is about every service', async () => {
    command.write(`apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: all }
spec: { hosts: ["*"], http: [{ route: [{ destination: { host: hello } }] }] }
`);
    expect(await meantBy('helo')).toBeNull();
  });
});
