import { status } from '@grpc/grpc-js';
import type { Logger } from '@micromesh/core';
import { afterEach, describe, expect, it } from 'vitest';
import { HelloService } from './hello-definition.js';
import { createTestMesh, type TestMesh } from './test-mesh.js';

const Unary = { anything: HelloService.anything };
const List = { list: HelloService.list };

let open: TestMesh | undefined;
function world(logger?: Logger): TestMesh {
  open = createTestMesh({
    defaults: { retries: 0, strategy: 'round-robin' },
    ...(logger === undefined ? {} : { logger }),
  });
  return open;
}
afterEach(async () => {
  await open?.close();
  // Whatever a test did: no timer is left, of the mesh or of a script.
  expect(open?.clock.pendingTimers).toBe(0);
  open = undefined;
});

describe('handlers of a test node, as time passes', () => {
  it('hear that the caller has gone, and may fail then without harm', async () => {
    const test = world();
    const reasons: unknown[] = [];
    test.addNode('hello').serve(HelloService, {
      anything: (_, { signal }) =>
        new Promise((_resolve, reject) => {
          signal.addEventListener('abort', () => {
            reasons.push(signal.reason);
            reject(new Error('too late to be heard'));
          });
        }),
      list: () => [],
      collect: async (requests) => {
        for await (const _ of requests);
        return { msg: '' };
      },
      chat: () => [],
    });
    const hello = test.mesh.client(HelloService, { service: 'hello' });
    const cancelling = new AbortController();
    const cancelled = hello.anything({ name: 'x' }, { signal: cancelling.signal });
    const failed = expect(cancelled).rejects.toMatchObject({ code: status.CANCELLED });
    await test.clock.settle();
    cancelling.abort();
    await failed;
    const late = expect(hello.anything({ name: 'x' }, { timeoutMs: 50 })).rejects.toMatchObject({ code: 4 });
    await test.advance(50);
    await late;
    expect(reasons).toMatchObject([{ code: status.CANCELLED }, { code: status.DEADLINE_EXCEEDED }]);
  });

  it('take their time on the clock of the test', async () => {
    const test = world();
    test.addNode('hello').serve(Unary, { anything: () => ({ msg: 'slow' }) }, 200);
    const hello = test.mesh.client(Unary, { service: 'hello' });
    let answered = false;
    const answer = hello.anything({ name: 'x' }).finally(() => {
      answered = true;
    });
    await test.advance(199);
    expect(answered).toBe(false);
    await test.advance(1);
    expect(await answer).toEqual({ msg: 'slow' });
  });

  it('wait for a slow reader, and stop with one who stops', async () => {
    const test = world();
    let made = 0;
    let ended = false;
    test.addNode('hello').serve(List, {
      list: async function* () {
        try {
          for (;;) yield { msg: `${++made}` };
        } finally {
          ended = true;
        }
      },
    });
    const hello = test.mesh.client(List, { service: 'hello' });
    for await (const { msg } of hello.list({ name: 'x' })) {
      await test.clock.settle();
      if (msg === '40') break;
    }
    await test.clock.settle();
    expect(made).toBeLessThan(80);
    expect(ended).toBe(true);
  });

  it('that read slowly hold the requests back', async () => {
    const test = world();
    let go = () => {};
    const gate = new Promise<void>((resolve) => {
      go = resolve;
    });
    test.addNode('hello').serve(
      { collect: HelloService.collect },
      {
        collect: async (requests) => {
          await gate;
          let count = 0;
          for await (const _ of requests) count++;
          return { msg: `${count}` };
        },
      },
    );
    const hello = test.mesh.client({ collect: HelloService.collect }, { service: 'hello' });
    let sent = 0;
    const answer = hello.collect(
      (function* () {
        for (; sent < 1000; sent++) yield { name: 'x' };
      })(),
    );
    await test.clock.settle();
    expect(sent).toBeLessThan(50);
    go();
    expect(await answer).toEqual({ msg: '1000' });
  });

  it('of a frozen node say nothing until it thaws', async () => {
    const test = world();
    const node = test.addNode('hello').serve(Unary, { anything: async ({ name }) => ({ msg: name }) });
    const hello = test.mesh.client(Unary, { service: 'hello' });
    expect(await hello.anything({ name: 'before' })).toEqual({ msg: 'before' });
    node.freeze();
    let answered = false;
    const answer = hello.anything({ name: 'x' }).finally(() => {
      answered = true;
    });
    await test.clock.settle();
    expect(answered).toBe(false);
    node.thaw();
    expect(await answer).toEqual({ msg: 'x' });
  });
});
