import { events } from '@micromesh/core';
import { HelloService } from '@micromesh/service-hello';
import { createMesh, type Mesh, memory } from 'micromesh';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { silent } from './silent.js';
import { SlowLink } from './slow-link.js';
import { until } from './until.js';

vi.setConfig({ testTimeout: 120_000 });

let mesh: Mesh;
let link: SlowLink;
/** Names of calls, each as often as a node has begun it. */
let begun: string[];

beforeEach(async () => {
  mesh = createMesh({ registry: memory(), logger: silent });
  link = await SlowLink.open();
  begun = [];
});
afterEach(async () => {
  await mesh.close();
  link.close();
});

async function startNode(advertise?: string): Promise<number> {
  const running = await mesh
    .server('hello')
    .add(HelloService, {
      anything: async ({ name }) => {
        begun.push(name);
        return { msg: name };
      },
      list: async function* () {},
      collect: async () => ({ msg: '', count: 0 }),
      chat: async function* () {},
    })
    .start({ listen: '127.0.0.1:0', ...(advertise === undefined ? {} : { advertise }) });
  return running.port;
}

it('calls that a link has held up, and that went elsewhere meanwhile, are not begun when it brings them', async () => {
  link.leadTo(await startNode(`127.0.0.1:${link.port}`));
  await startNode();
  const hello = mesh.client(HelloService, { service: 'hello', strategy: 'round-robin', timeoutMs: 20_000 });
  const callAll = (prefix: string) =>
    Promise.all(Array.from({ length: 40 }, (_, index) => hello.anything({ name: `${prefix} ${index}` })));
  const states = new Map<string, string>();
  const off = events.node.subscribe(({ address, state }) => states.set(address, state));
  const isReady = () => states.get(`127.0.0.1:${link.port}`) === 'ready';
  await callAll('before');
  await until(isReady, 'the node behind the link is connected');
  await callAll('just before');
  link.hold();
  await callAll('held');
  const before = begun.length;
  expect(begun.filter((name) => name.startsWith('held'))).toHaveLength(40);
  await link.release();
  // The node gets calls again: whatever the link brought has come before them.
  await until(isReady, 'the node is used again');
  off();
  await callAll('after');
  expect(begun.slice(before).filter((name) => name.startsWith('held'))).toEqual([]);
  expect(begun.filter((name) => name.startsWith('after'))).toHaveLength(40);
});
