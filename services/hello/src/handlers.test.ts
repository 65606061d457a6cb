import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createMesh, type Mesh } from 'micromesh';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openEffectLog } from './effect-log.js';
import { HelloService } from './gen/hello/v1/hello.js';
import { type HelloOptions, helloHandlers } from './handlers.js';
import { Misbehaviour } from './misbehaviour.js';

const logger = { debug() {}, info() {}, warn() {}, error() {} };

let mesh: Mesh;

beforeEach(() => {
  mesh = createMesh({ registry: 'memory:', logger });
});

afterEach(() => mesh.close());

async function startHello(options?: HelloOptions) {
  await mesh
    .server('hello')
    .add(HelloService, helloHandlers(options))
    .start({ drain: { lameDuckMs: 0 } });
  return mesh.client(HelloService, { service: 'hello' });
}

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

describe('hello', () => {
  it('greets one name', async () => {
    const hello = await startHello();
    expect(await hello.anything({ name: 'xuxu' })).toEqual({ msg: 'Hello xuxu' });
  });

  it('sends as many greetings as are asked for', async () => {
    const hello = await startHello();
    expect(await collect(hello.list({ count: 2 }))).toEqual([
      { msg: 'Hello number 1' },
      { msg: 'Hello number 2' },
    ]);
    expect(await collect(hello.list({ count: 0 }))).toEqual([]);
  });

  it('greets all names at once', async () => {
    const hello = await startHello();
    expect(await hello.collect([{ name: 'ann' }, { name: 'bob' }])).toEqual({
      msg: 'Hello ann, bob',
      count: 2,
    });
  });

  it('greets each name as it comes', async () => {
    const hello = await startHello();
    expect(await collect(hello.chat([{ name: 'ann' }, { name: 'bob' }]))).toEqual([
      { msg: 'Hello ann' },
      { msg: 'Hello bob' },
    ]);
  });

  it('records when work began and when it took effect', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'micromesh-effects-'));
    try {
      const path = join(folder, 'effects.jsonl');
      const hello = await startHello({ effects: openEffectLog(path, 'hello-a') });
      await hello.anything({ name: 'xuxu', id: 'call-1' });
      const lines = (await readFile(path, 'utf8')).trim().split('\n');
      expect(lines.map((line) => JSON.parse(line))).toEqual([
        { at: expect.any(Number), node: 'hello-a', call: 'call-1', event: 'start' },
        { at: expect.any(Number), node: 'hello-a', call: 'call-1', event: 'effect' },
      ]);
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it('has no effect when its caller has gone meanwhile', async () => {
    const events: string[] = [];
    const caller = new AbortController();
    const effects = {
      record(call: string, event: string) {
        events.push(`${event} ${call}`);
        caller.abort();
      },
    };
    const hello = await startHello({ workMs: 50, effects });
    const call = hello.anything({ name: 'xuxu', id: 'call-1' }, { signal: caller.signal });
    await expect(call).rejects.toMatchObject({ code: 1 });
    // Drains: waits for the handler.
    await mesh.close();
    expect(events).toEqual(['start call-1']);
  });

  it('fails before it does anything when it is told to fail at once, and after its work without effect else', async () => {
    const events: string[] = [];
    const effects = { record: (_call: string, event: string) => events.push(event) };
    const misbehaviour = new Misbehaviour();
    const hello = await startHello({ effects, misbehaviour });
    const call = () => hello.anything({ name: 'xuxu', id: 'call-1' }, { retries: 0 });
    misbehaviour.obey({ errorRatio: 1, code: 'INTERNAL', atOnce: true });
    await expect(call()).rejects.toMatchObject({ code: 13 });
    expect(events).toEqual([]);
    misbehaviour.obey({ errorRatio: 1 });
    await expect(call()).rejects.toMatchObject({ code: 14 });
    expect(events).toEqual(['start']);
    misbehaviour.obey({});
    await call();
    expect(events).toEqual(['start', 'start', 'effect']);
  });
});
