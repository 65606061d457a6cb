import { EventEmitter } from 'node:events';
import { credentials, status } from '@grpc/grpc-js';
import { freePort } from '@micromesh/cli/stage';
import { ScriptedRegistry } from '@micromesh/client/testing';
import { type Clock, systemClock, type Timer } from '@micromesh/core';
import { HelloClient, type HelloHandlers, HelloService } from '@micromesh/service-hello';
import { createMesh, type Mesh, memory, type Registry, RpcError, type TypedClient } from 'micromesh';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';

const logger = { debug() {}, info() {}, warn() {}, error() {} };

/** The machine's time, which knows what a call has armed: those timers keep the process running. */
class WatchedClock implements Clock {
  readonly armed = new Set<object>();
  now = systemClock.now;
  wallNow = systemClock.wallNow;

  setTimer(delayMs: number, fire: () => void, keepAlive = true): Timer {
    if (!keepAlive || delayMs === Number.POSITIVE_INFINITY)
      return systemClock.setTimer(delayMs, fire, keepAlive);
    const mark = {};
    this.armed.add(mark);
    const timer = systemClock.setTimer(delayMs, () => {
      this.armed.delete(mark);
      fire();
    });
    return {
      cancel: () => {
        this.armed.delete(mark);
        timer.cancel();
      },
    };
  }
}

/** What the handlers have seen. */
let started: string[];
let cancelled: string[];

function waitForCaller(name: string, signal: AbortSignal): Promise<void> {
  started.push(name);
  return new Promise((_, reject) => {
    signal.addEventListener('abort', () => {
      cancelled.push(name);
      reject(new RpcError(status.CANCELLED, 'gone'));
    });
  });
}

const handlers: HelloHandlers = {
  anything: async ({ name }, { signal }) => {
    if (name === 'fails') throw new RpcError(status.INTERNAL, 'scripted');
    await waitForCaller(name, signal);
    return { msg: '' };
  },
  list: async function* (_, { signal }) {
    yield { msg: 'first' };
    await waitForCaller('list', signal);
  },
  collect: async (_, { signal }) => {
    await waitForCaller('collect', signal);
    return { msg: '', count: 0 };
  },
  chat: async function* (_, { signal }) {
    yield { msg: 'first' };
    await waitForCaller('chat', signal);
  },
};

let serving: Mesh;
let address: string;
let mesh: Mesh | undefined;
let clock: WatchedClock;

beforeAll(async () => {
  serving = createMesh({ registry: memory(), logger });
  const running = await serving
    .server('hello')
    .add(HelloService, handlers)
    .start({ drain: { lameDuckMs: 0 } });
  address = running.address;
});
afterEach(async () => {
  await mesh?.close();
});
afterAll(() => serving.close());

function clientOn(registry: string | Registry): TypedClient<typeof HelloService> {
  started = [];
  cancelled = [];
  clock = new WatchedClock();
  mesh = createMesh({ registry, logger, clock });
  return mesh.client(HelloService, { service: 'hello' });
}

/** Cancels, and expects the call to have ended one turn of the event loop later, without a timer of it left. */
async function expectPromptEnd(outcome: Promise<unknown>, controller: AbortController): Promise<void> {
  let ended: unknown;
  outcome.then(
    (value) => {
      ended = { value };
    },
    (error) => {
      ended = error;
    },
  );
  controller.abort();
  await new Promise((resolve) => setImmediate(resolve));
  expect(ended).toMatchObject({
    code: status.CANCELLED,
    reason: 'cancelled',
    details: 'cancelled by the caller',
  });
  expect(clock.armed.size).toBe(0);
}

/** Lets a call get as far as it can. */
const settle = () => new Promise((resolve) => setTimeout(resolve, 50));

async function* endless() {
  yield { name: 'one' };
  await new Promise(() => {});
}

describe('a cancellation ends a call within a turn, and leaves no timer of it', () => {
  it('that waits for the first word of the registry', async () => {
    const controller = new AbortController();
    const hello = clientOn(new ScriptedRegistry());
    const outcome = hello.anything({ name: 'x' }, { signal: controller.signal });
    await settle();
    await expectPromptEnd(outcome, controller);
  });

  it('that waits for a connection', async () => {
    const controller = new AbortController();
    const hello = clientOn(`static:hello=127.0.0.1:${await freePort()}`);
    const outcome = hello.anything({ name: 'x' }, { signal: controller.signal });
    await settle();
    await expectPromptEnd(outcome, controller);
  });

  it('that waits for its next attempt', async () => {
    const controller = new AbortController();
    const hello = clientOn(`static:hello=${address}`);
    const retry = () => ({ afterMs: 4000 });
    const outcome = hello.anything({ name: 'fails' }, { signal: controller.signal, retry });
    await settle();
    await expectPromptEnd(outcome, controller);
  });

  it('that waits for its retry function', async () => {
    const controller = new AbortController();
    const hello = clientOn(`static:hello=${address}`);
    const retry = () => new Promise<boolean>(() => {});
    const outcome = hello.anything({ name: 'fails' }, { signal: controller.signal, retry });
    await settle();
    await expectPromptEnd(outcome, controller);
  });

  it.each(['one after the other', 'beside each other'])('whose handler works (attempts %s)', async (how) => {
    const controller = new AbortController();
    const hello = clientOn(`static:hello=${address}`);
    const idempotent = how === 'beside each other';
    const outcome = hello.anything({ name: 'x' }, { signal: controller.signal, idempotent });
    await expect.poll(() => started).toEqual(['x']);
    await expectPromptEnd(outcome, controller);
    await expect.poll(() => cancelled).toEqual(['x']);
  });

  it('that still sends its requests', async () => {
    const controller = new AbortController();
    const hello = clientOn(`static:hello=${address}`);
    const outcome = hello.collect(endless(), { signal: controller.signal });
    await expect.poll(() => started).toEqual(['collect']);
    await expectPromptEnd(outcome, controller);
    await expect.poll(() => cancelled).toEqual(['collect']);
  });

  it.each(['list', 'chat'] as const)('that waits for the second message of a stream (%s)', async (kind) => {
    const controller = new AbortController();
    const hello = clientOn(`static:hello=${address}`);
    const { signal } = controller;
    const replies =
      kind === 'list' ? hello.list({ count: 2 }, { signal }) : hello.chat(endless(), { signal });
    expect((await replies.next()).value).toEqual({ msg: 'first' });
    const second = replies.next();
    await expect.poll(() => started).toEqual([kind]);
    await expectPromptEnd(second, controller);
    await expect.poll(() => cancelled).toEqual([kind]);
  });
});

it('leaving a loop over a stream cancels it on the wire', async () => {
  const hello = clientOn(`static:hello=${address}`);
  for await (const reply of hello.list({ count: 2 })) {
    expect(reply).toEqual({ msg: 'first' });
    await expect.poll(() => started).toEqual(['list']);
    break;
  }
  await expect.poll(() => cancelled).toEqual(['list']);
  expect(clock.armed.size).toBe(0);
});

it('a signal that ten thousand calls have shared carries no listener of theirs', async () => {
  const controller = new AbortController();
  const warnings: Error[] = [];
  const onWarning = (warning: Error) => warnings.push(warning);
  process.on('warning', onWarning);
  const hello = clientOn('static:other=127.0.0.1:1');
  for (let round = 0; round < 100; round++) {
    const calls = Array.from({ length: 100 }, () =>
      hello.anything({ name: 'x' }, { signal: controller.signal }).catch(() => {}),
    );
    await Promise.all(calls);
  }
  await settle();
  process.off('warning', onWarning);
  expect(warnings).toEqual([]);
  expect(EventEmitter.getEventListeners(controller.signal, 'abort')).toEqual([]);
});

describe('a call that is cancelled in the turn that it was made in', () => {
  /** Whatever was sent before this call has reached the server when it has. */
  async function startedAfter(hello: TypedClient<typeof HelloService>): Promise<readonly string[]> {
    const last = hello.anything({ name: 'fails' }, { retries: 0 });
    await expect(last).rejects.toMatchObject({ code: status.INTERNAL });
    return started;
  }

  it.each(['anything', 'list', 'collect', 'chat'] as const)('never reaches a handler: %s', async (kind) => {
    const hello = clientOn(`static:hello=${address}`);
    await startedAfter(hello);
    for (let count = 0; count < 20; count++) {
      const controller = new AbortController();
      const { signal } = controller;
      const outcome = {
        anything: () => hello.anything({ name: 'cancelled' }, { signal }),
        list: () => hello.list({ count: 1 }, { signal }).next(),
        collect: () => hello.collect(endless(), { signal }),
        chat: () => hello.chat(endless(), { signal }).next(),
      }[kind]();
      controller.abort();
      await expect(outcome).rejects.toMatchObject({ code: status.CANCELLED });
    }
    expect(await startedAfter(hello)).toEqual([]);
  });

  it("is so for a stub's call as well", async () => {
    const hello = clientOn(`static:hello=${address}`);
    if (mesh === undefined) throw new Error('clientOn makes it');
    const channelOverride = mesh.channel('hello', { definitions: [HelloService] });
    const stub = new HelloClient('hello', credentials.createInsecure(), { channelOverride });
    await startedAfter(hello);
    const ended: Promise<unknown>[] = [];
    for (let count = 0; count < 20; count++) {
      const reply = new Promise<unknown>((resolve) => {
        const upload = stub.collect(resolve);
        upload.write({ name: 'cancelled' });
        upload.cancel();
      });
      ended.push(reply);
    }
    expect(await Promise.all(ended)).toMatchObject(ended.map(() => ({ code: status.CANCELLED })));
    expect(await startedAfter(hello)).toEqual([]);
  });
});
