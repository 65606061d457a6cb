import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { events } from '@micromesh/core';
import { createGateway } from '@micromesh/gateway';
import { folder } from '@micromesh/policy';
import { spawnDevAgent } from '@micromesh/registry';
import { HelloService, helloHandlers } from '@micromesh/service-hello';
import { createMesh } from 'micromesh';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { silent } from '../failover/silent.js';
import { until } from '../failover/until.js';
import { send } from '../gateway/http-exchange.js';
import { PolicyFolder } from './policy-files.js';

vi.setConfig({ testTimeout: 180_000 });

const BIN = fileURLToPath(new URL('../../packages/micromesh/bin/micromesh.js', import.meta.url));

const POLICIES = `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: hello }
spec:
  hosts: [hello]
  http:
    - name: testers
      match:
        - headers: { x-user: { exact: anna } }
        - sourceLabels: { app: tester }
      route:
        - destination: { host: hello, subset: v2 }
    - name: split
      timeout: 3s
      retries: { attempts: 2, retryOn: unavailable }
      route:
        - destination: { host: hello, subset: v1 }
          weight: 90
        - destination: { host: hello, subset: v2 }
          weight: 10
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: { name: hello }
spec:
  host: hello
  trafficPolicy:
    loadBalancer: { simple: ROUND_ROBIN }
  subsets:
    - { name: v1, labels: { version: 1.0.0 } }
    - { name: v2, labels: { version: 2.0.0 } }
`;

const AT_GATEWAY = `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: web }
spec:
  hosts: ['*']
  gateways: [web]
  http:
    - name: old
      match: [{ uri: { exact: /old } }]
      redirect: { uri: /new }
    - name: greet
      match: [{ uri: { prefix: /greet } }]
      rewrite: { uri: /hello }
      timeout: 3s
      route: [{ destination: { host: hello, subset: v1 } }]
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: { name: hello }
spec:
  host: hello
  trafficPolicy: { loadBalancer: { consistentHash: { httpQueryParameterName: user } } }
  subsets: [{ name: v1, labels: { version: 1.0.0 } }]
`;

let files: PolicyFolder;
beforeEach(() => {
  files = new PolicyFolder();
  files.write('hello.yaml', POLICIES);
});
afterEach(() => files.end());

/** Runs the command as a process of its own, in the folder of the policies. */
function micromesh(...args: readonly string[]) {
  return new Promise<{ readonly status: number; readonly stdout: string; readonly stderr: string }>(
    (resolve) => {
      const env = { ...process.env, MICROMESH_REGISTRY: '', NO_COLOR: '1' };
      const child = execFile(
        process.execPath,
        [BIN, ...args],
        { cwd: files.path, env },
        (_error, stdout, stderr) => resolve({ status: child.exitCode ?? -1, stdout, stderr }),
      );
    },
  );
}

const explain = (...args: readonly string[]) =>
  micromesh('explain', 'hello', 'hello.v1.Hello/Anything', ...args);

describe('micromesh explain', () => {
  it('prints why a rule takes a call of a folder of policies, and what holds for it', async () => {
    const { status, stdout, stderr } = await explain(
      '--policies',
      '.',
      '-H',
      'x-user=bob',
      '--from',
      'app=shop',
    );
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout).toBe(`hello /hello.v1.Hello/Anything
  headers   x-user=bob
  from      namespace default  app=shop
  policies  folder . (2 resources)

Rules
  testers  hello.yaml:7  does not match
      header x-user is "bob", wants "anna"  hello.yaml:9
      source label app is "shop", wants "tester"  hello.yaml:10
> split  hello.yaml:13  takes the call

What holds for the call
  timeoutMs                    3000         hello.yaml:14 spec.http[1].timeout
  retries.attempts             2            hello.yaml:15 spec.http[1].retries.attempts
  retries.baseBackoffMs        25           Istio's default for the block at hello.yaml:15
  retries.ignorePreviousHosts  true         Istio's default for the block at hello.yaml:15
  retries.remoteLocalities     false        Istio's default for the block at hello.yaml:15
  retries.perTryTimeoutMs      none         micromesh's default
  retries.retryOn              unavailable  hello.yaml:15 spec.http[1].retries.retryOn
  What code says counts beside it: it may shorten the time, lower the retries, and narrow the nodes; streams have no default time.

Where it goes
  hello subset v1 (version=1.0.0)  by chance, 90 %  hello.yaml:17
      loadBalancer.strategy  round-robin                                         hello.yaml:28 spec.trafficPolicy.loadBalancer.simple
      outlierDetection       micromesh's, which compares nodes with their peers  micromesh's default
      connectionPool         no bounds; connectTimeoutMs 1000                    micromesh's default
      retryBudget            ratio: 0.2, perSecond: 10, windowMs: 10000          micromesh's default
      tls                    DISABLE                                             micromesh's default
  hello subset v2 (version=2.0.0)  by chance, 10 %  hello.yaml:19
      all as above
`);
  });

  it('says the same as JSON', async () => {
    const { status, stdout } = await explain(
      '--policies',
      '.',
      '-H',
      'x-user=bob',
      '--from',
      'app=shop',
      '--json',
    );
    expect(status).toBe(0);
    const at = (line: number, path: string) => ({
      resource: 'VirtualService hello',
      path,
      file: 'hello.yaml',
      line,
    });
    expect(JSON.parse(stdout)).toMatchObject({
      service: 'hello',
      method: '/hello.v1.Hello/Anything',
      headers: { 'x-user': 'bob' },
      from: { labels: { app: 'shop' }, namespace: 'default' },
      hashKey: null,
      policies: [{ source: 'folder .', version: null, resources: 2 }],
      route: 'rule',
      rule: 'split',
      rules: [
        { name: 'testers', verdict: 'failed', at: at(7, 'spec.http[0]') },
        { name: 'split', verdict: 'taken', at: at(13, 'spec.http[1]') },
      ],
      ends: null,
      destinations: [
        { subset: 'v1', labels: { version: '1.0.0' }, ratio: 0.9, taken: null, candidates: null },
        { subset: 'v2', labels: { version: '2.0.0' }, ratio: 0.1, taken: null, candidates: null },
      ],
      dryRun: null,
    });
  });

  it('names the nodes of a registry that fit, as processes see them, and the one of the key', async () => {
    const agent = await spawnDevAgent({ port: 0 });
    const registry = `consul://${agent.address}`;
    const mesh = createMesh({ registry, logger: silent });
    try {
      for (const [id, version] of [
        ['hello-a', '1.0.0'],
        ['hello-b', '1.0.0'],
        ['hello-c', '2.0.0'],
      ] as const) {
        await mesh.server('hello', { id, version }).add(HelloService, helloHandlers()).start();
      }
      const ready = new Set<string>();
      const off = events.node.subscribe(({ nodeId, state }) => state === 'ready' && ready.add(nodeId));
      await mesh.client(HelloService, { service: 'hello' }).anything({ name: 'xuxu' });
      await until(() => ready.size === 3, 'all nodes to be connected');
      off();
      const applied = await micromesh('apply', '-f', 'hello.yaml', '--registry', registry);
      expect(applied).toMatchObject({ status: 0 });
      const asked = ['--registry', registry, '--hash-key', 'u-1'];
      const { status, stdout, stderr } = await explain(...asked, '--json');
      expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
      const view = JSON.parse(stdout);
      expect(view.policies).toEqual([
        { source: expect.stringContaining(agent.address), version: 1, resources: 2 },
      ]);
      const [v1, v2] = view.destinations;
      expect(v1.candidates.nodes.map(({ id }: { id: string }) => id)).toEqual(['hello-a', 'hello-b']);
      expect(v2.candidates.nodes).toMatchObject([
        { id: 'hello-c', version: '2.0.0', passing: true, intervention: null },
      ]);
      expect(v1.candidates).toMatchObject({
        registered: 3,
        key: 'u-1',
        picked: expect.stringMatching(/^hello-[ab]$/),
      });
      expect(v2.candidates.picked).toBe('hello-c');
      // This process serves and calls: it is asked by way of each of its servers.
      expect(v1.candidates.nodes[0].clients[0]).toMatchObject({
        service: 'hello',
        id: 'hello-a',
        state: 'ready',
      });
      const text = (await explain(...asked)).stdout;
      expect(text).toContain(`key "u-1" goes to ${v1.candidates.picked} while it is ready`);
      expect(text).toMatch(/hello-a +127\.0\.0\.1:\d+ +1\.0\.0 +passing +hello-a: ready/);
      expect((await micromesh('explain', 'nobody', 'a.B/C', '--registry', registry)).stdout).toContain(
        'no VirtualService is about the service; the call goes to it as it is',
      );
    } finally {
      await mesh.close();
      await agent.stop();
    }
  });

  it('names the node that a gateway sends a request to, and what the gateway answers by itself', async () => {
    files.write('hello.yaml', AT_GATEWAY);
    const agent = await spawnDevAgent({ port: 0 });
    const registry = `consul://${agent.address}`;
    const mesh = createMesh({ registry, logger: silent, policies: [folder(files.path)] });
    try {
      for (const id of ['hello-a', 'hello-b', 'hello-c']) {
        const version = id === 'hello-c' ? '2.0.0' : '1.0.0';
        const anything = async () => ({ msg: id });
        const handlers = { ...helloHandlers(), anything };
        await mesh.server('hello', { id, version }).add(HelloService, handlers).start();
      }
      const definitions = { hello: [HelloService] };
      const gateway = await createGateway({ mesh, definitions, name: 'web' }).start({
        listen: '127.0.0.1:0',
      });
      const port = Number(gateway.address.replace(/^.*:/, ''));
      const at = (path: string, ...args: readonly string[]) =>
        micromesh('explain', `127.0.0.1:${port}`, path, '--gateway', 'web', '--policies', '.', ...args);
      const picked = new Set<string>();
      for (const user of ['u-1', 'u-2', 'u-3', 'u-4']) {
        const path = `/greet/anything?name=xuxu&user=${user}`;
        const { status, stdout, stderr } = await at(path, '--registry', registry, '--json');
        expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
        const [{ candidates }] = JSON.parse(stdout).destinations;
        expect(candidates).toMatchObject({ registered: 3, key: user });
        // Once all nodes are connected.
        await vi.waitFor(
          async () => expect((await send(port, path)).text).toBe(`{"msg":"${candidates.picked}"}`),
          30_000,
        );
        picked.add(candidates.picked);
      }
      expect(picked).not.toContain('hello-c');
      const moved = JSON.parse((await at('/old?a=1', '--json')).stdout);
      const answer = await send(port, '/old?a=1');
      expect(moved.answer).toMatchObject({
        status: answer.code,
        headers: { location: answer.headers.location },
      });
      await gateway.close();
    } finally {
      await mesh.close();
      await agent.stop();
    }
  });

  it('prints why a rule takes a request, and by which path its method is found', async () => {
    files.write('hello.yaml', AT_GATEWAY);
    const { status, stdout, stderr } = await micromesh(
      'explain',
      'api.example.com',
      '/greet/anything?user=u-1',
      '--gateway',
      'web',
      '--policies',
      '.',
    );
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout).toBe(`GET api.example.com/greet/anything?user=u-1  at the gateway web
  runs in   namespace default
  policies  folder . (2 resources)

Rules
  old  hello.yaml:8  does not match
      uri is "/greet/anything", wants "/old"  hello.yaml:9
> greet  hello.yaml:11  takes the request

Its method is the one that the path /hello/anything means

What holds for its call
  timeoutMs                3000             hello.yaml:14 spec.http[1].timeout
  retries.attempts         1                micromesh's default
  retries.perTryTimeoutMs  none             micromesh's default
  retries.retryOn          retryOnError     micromesh's default
  retries.baseBackoffMs    10               micromesh's default
  rewrite.uri              /hello/anything  hello.yaml:11 spec.http[1]
  The request's grpc-timeout may shorten the time; streams have no default time. Limits are those of the method that is called.

Where it goes
> hello subset v1 (version=1.0.0)  100 %  hello.yaml:15
      loadBalancer.strategy  consistent-hash, source: queryParam, user, algorithm: ringHash, minimumRingSize: 1024  hello.yaml:22 spec.trafficPolicy.loadBalancer.consistentHash
      outlierDetection       micromesh's, which compares nodes with their peers            micromesh's default
      connectionPool         no bounds; connectTimeoutMs 1000                              micromesh's default
      retryBudget            ratio: 0.2, perSecond: 10, windowMs: 10000                    micromesh's default
      tls                    DISABLE                                                       micromesh's default
`);
  });
});
