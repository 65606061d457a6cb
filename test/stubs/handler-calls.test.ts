import { Metadata, status } from '@grpc/grpc-js';
import { silentLogger } from '@micromesh/core';
import { createMesh, type Mesh } from '@micromesh/mesh';
import { memory } from '@micromesh/registry';
import type { HandlerContext, Handlers } from '@micromesh/server';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { countedListeners } from './counted-listeners.js';
import { closeLater, endQuietly, noteWarnings, REPLY, REQUEST, stubOn, unary } from './downstream-calls.js';
import { type ProbeClient, type ProbeReply, ProbeService } from './gen/probe.js';
import { metadata, until } from './observation.js';

beforeEach(noteWarnings);
afterEach(endQuietly);

describe('what a handler of micromesh calls', () => {
  const none: Handlers<ProbeService> = {
    unary: async () => REPLY,
    collect: async () => REPLY,
    list: async function* () {},
    chat: async function* () {},
  };

  interface Setup {
    readonly mesh: Mesh;
    readonly front: ProbeClient;
    /** Contexts of the calls that came to the back service. */
    readonly back: HandlerContext[];
    readonly aborted: () => number;
  }

  /** Two services of one mesh: `front`, whose handler is given, and `back`, which never answers metadata `do: hang`. */
  async function setUp(
    handler: (context: HandlerContext, mesh: Mesh) => Promise<ProbeReply>,
  ): Promise<Setup> {
    const mesh = createMesh({ registry: memory(), logger: silentLogger });
    closeLater(mesh);
    const back: HandlerContext[] = [];
    let aborted = 0;
    const answer = async (context: HandlerContext): Promise<ProbeReply> => {
      back.push(context);
      if (context.metadata.get('do')[0] !== 'hang') return REPLY;
      return new Promise((_resolve, reject) => {
        context.signal.addEventListener('abort', () => {
          aborted++;
          reject(context.signal.reason);
        });
      });
    };
    await mesh
      .server('back')
      .add(ProbeService, {
        ...none,
        unary: (_request, context) => answer(context),
        list: async function* (_request, context) {
          yield await answer(context);
        },
      })
      .start({ drain: { lameDuckMs: 0 } });
    await mesh
      .server('front')
      .add(ProbeService, { ...none, unary: (_request, context) => handler(context, mesh) })
      .start({ drain: { lameDuckMs: 0, graceMs: 200 } });
    return { mesh, front: stubOn(mesh, 'front'), back, aborted: () => aborted };
  }

  function backOf(mesh: Mesh) {
    return mesh.client(ProbeService, { service: 'back' });
  }

  it('inherits the smaller deadline, through the typed client and through stubs', async () => {
    const { front, back } = await setUp(async (_context, mesh) => {
      await backOf(mesh).unary(REQUEST);
      await backOf(mesh).unary(REQUEST, { timeoutMs: 60_000 });
      await backOf(mesh).unary(REQUEST, { timeoutMs: 5000 });
      await unary(stubOn(mesh, 'back'));
      for await (const _reply of backOf(mesh).list(REQUEST));
      await mesh.detached(() => backOf(mesh).unary(REQUEST, { timeoutMs: 60_000 }));
      return REPLY;
    });
    expect(await unary(front, new Metadata(), { deadline: Date.now() + 20_000 })).toMatchObject({
      text: 'a',
    });
    const left = back.map(({ deadline }) =>
      deadline === undefined ? undefined : deadline.getTime() - Date.now(),
    );
    expect(left).toHaveLength(6);
    for (const each of [left[0], left[1], left[3], left[4]]) {
      expect(each).toBeGreaterThan(5000);
      expect(each).toBeLessThanOrEqual(20_000);
    }
    expect(left[2]).toBeLessThanOrEqual(5000);
    expect(left[5]).toBeGreaterThan(30_000);
  });

  it('ends with the deadline of the call that it works for', async () => {
    let seen: unknown;
    const { front, aborted } = await setUp(async (_context, mesh) => {
      const options = { metadata: metadata({ do: 'hang' }), timeoutMs: 60_000 };
      seen = await backOf(mesh)
        .unary(REQUEST, options)
        .catch((error: unknown) => error);
      return REPLY;
    });
    expect(await unary(front, new Metadata(), { deadline: Date.now() + 2000 })).toMatchObject({
      code: status.DEADLINE_EXCEEDED,
    });
    await until(() => seen !== undefined, 'the end of the downstream call');
    expect(seen).toMatchObject({ code: expect.toBeOneOf([status.DEADLINE_EXCEEDED, status.CANCELLED]) });
    await until(() => aborted() === 1, 'the end in the back service');
  });

  it('is cancelled with the call that it works for, all of it, and what is detached is not', async () => {
    const results: unknown[] = [];
    let finish: () => void = () => {};
    const mayFinish = new Promise<void>((resolve) => {
      finish = resolve;
    });
    let detached: Promise<ProbeReply> | undefined;
    const { front, back, aborted } = await setUp(async (_context, mesh) => {
      const hang = { metadata: metadata({ do: 'hang' }) };
      detached = mesh.detached(async () => {
        await mayFinish;
        return backOf(mesh).unary(REQUEST);
      });
      const note = (error: unknown) => results.push(error);
      const stub = stubOn(mesh, 'back');
      await Promise.all([
        backOf(mesh).unary(REQUEST, hang).catch(note),
        backOf(mesh).list(REQUEST, hang).next().catch(note),
        unary(stub, metadata({ do: 'hang' })).then(note),
      ]);
      return REPLY;
    });
    const call = front.unary(REQUEST, () => {});
    await until(() => back.length === 3, 'the downstream calls');
    call.cancel();
    await until(() => results.length === 3, 'the end of the downstream calls');
    for (const each of results) expect(each).toMatchObject({ code: status.CANCELLED });
    await until(() => aborted() === 3, 'the cancellations');
    finish();
    expect(await detached).toMatchObject({ text: 'a' });
  });

  it('makes 100 downstream calls without a warning, and leaves no listener on the signal', async () => {
    let counted = -1;
    const { front, back } = await setUp(async (context, mesh) => {
      const listeners = countedListeners(context.signal);
      const typed = backOf(mesh);
      const stub = stubOn(mesh, 'back');
      await Promise.all(Array.from({ length: 50 }, () => typed.unary(REQUEST)));
      await Promise.all(Array.from({ length: 50 }, () => unary(stub)));
      counted = listeners.count;
      return REPLY;
    });
    expect(await unary(front)).toMatchObject({ text: 'a' });
    expect(back).toHaveLength(100);
    expect(counted).toBe(0);
  });

  it('goes on in the background after the handler has settled', async () => {
    let later: Promise<ProbeReply> | undefined;
    let settled: () => void = () => {};
    const afterReply = new Promise<void>((resolve) => {
      settled = resolve;
    });
    const { front } = await setUp(async (_context, mesh) => {
      later = (async () => {
        await afterReply;
        return backOf(mesh).unary(REQUEST);
      })();
      return REPLY;
    });
    expect(await unary(front, new Metadata(), { deadline: Date.now() + 20_000 })).toMatchObject({
      text: 'a',
    });
    settled();
    expect(await later).toMatchObject({ text: 'a' });
  });

  it('takes `mesh.with` options and the inherited deadline together', async () => {
    const { front, back } = await setUp(async (_context, mesh) => {
      await mesh.with({ timeoutMs: 60_000, retries: 0 }, () => unary(stubOn(mesh, 'back')));
      return REPLY;
    });
    expect(await unary(front, new Metadata(), { deadline: Date.now() + 20_000 })).toMatchObject({
      text: 'a',
    });
    expect((back[0]?.deadline?.getTime() ?? Number.NaN) - Date.now()).toBeLessThanOrEqual(20_000);
  });
});
