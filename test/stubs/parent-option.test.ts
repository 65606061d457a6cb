import {
  credentials,
  type handleUnaryCall,
  Metadata,
  propagate,
  Server,
  ServerCredentials,
  type ServerUnaryCall,
  type ServiceError,
  status,
} from '@grpc/grpc-js';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { closeLater, endQuietly, noteWarnings, REPLY, REQUEST, stubOn, unary } from './downstream-calls.js';
import { ProbeClient, type ProbeReply, type ProbeRequest, ProbeService } from './gen/probe.js';
import { metadata, until } from './observation.js';
import { ProbeNode } from './probe-node.js';
import { probeMesh } from './targets.js';

beforeEach(noteWarnings);
afterEach(endQuietly);

describe("grpc-js's `parent` option", () => {
  /** A plain grpc-js server that calls on; gives a stub for it. */
  async function startCaller(handler: handleUnaryCall<ProbeRequest, ProbeReply>): Promise<ProbeClient> {
    const server = new Server();
    const none = () => {};
    server.addService(ProbeService, { unary: handler, collect: none, list: none, chat: none });
    const port = await new Promise<number>((resolve, reject) => {
      server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
        error === null ? resolve(bound) : reject(error),
      );
    });
    const client = new ProbeClient(`127.0.0.1:${port}`, credentials.createInsecure());
    closeLater({ close: () => server.forceShutdown() }, client);
    return client;
  }

  async function startBackend(): Promise<{ node: ProbeNode; stub: ProbeClient }> {
    const node = await ProbeNode.start();
    const mesh = probeMesh([node.address]);
    closeLater(node, mesh);
    return { node, stub: stubOn(mesh, 'probe') };
  }

  it('works for 100 calls of one handler, and leaves no listener behind', async () => {
    const { node, stub } = await startBackend();
    const counts: number[] = [];
    const caller = await startCaller(async (call, done) => {
      counts.push(call.listenerCount('cancelled'));
      const all = Array.from({ length: 100 }, () => unary(stub, new Metadata(), { parent: call }));
      const texts = (await Promise.all(all)).map((each) => ('text' in each ? each.text : each.message));
      counts.push(call.listenerCount('cancelled'));
      done(null, { ...REPLY, count: texts.filter((text) => text === 'a').length });
    });
    expect(await unary(caller)).toMatchObject({ count: 100 });
    expect(node.calls).toHaveLength(100);
    expect(counts[1]).toBe(counts[0]);
  });

  it("takes over the parent's deadline, unless flags say otherwise", async () => {
    const { node, stub } = await startBackend();
    const caller = await startCaller(async (call, done) => {
      const inherited = await unary(stub, metadata({ do: 'hang' }), { parent: call });
      done('code' in inherited ? { code: inherited.code, details: 'inherited' } : null, REPLY);
    });
    expect(await unary(caller, new Metadata(), { deadline: Date.now() + 2000 })).toMatchObject({
      code: status.DEADLINE_EXCEEDED,
    });
    await until(() => node.cancelled === 1, 'the end of the downstream call');

    const free = await startCaller(async (call, done) => {
      const flags = propagate.DEFAULTS & ~propagate.DEADLINE;
      const reply = await unary(stub, new Metadata(), { parent: call, propagate_flags: flags });
      done('text' in reply ? null : reply, REPLY);
    });
    expect(await unary(free, new Metadata(), { deadline: Date.now() + 20_000 })).toMatchObject({ text: 'a' });
    expect(node.metadata.at(-1)?.get('grpc-timeout')).toEqual([]);
  });

  it("takes over the parent's cancellation", async () => {
    const { node, stub } = await startBackend();
    let seen: ServiceError | ProbeReply | undefined;
    const caller = await startCaller(async (call, done) => {
      seen = await unary(stub, metadata({ do: 'hang' }), { parent: call });
      done(null, REPLY);
    });
    const call = caller.unary(REQUEST, () => {});
    await until(() => node.calls.length === 1, 'the downstream call');
    call.cancel();
    await until(() => seen !== undefined, 'the end of the downstream call');
    expect(seen).toMatchObject({ code: status.CANCELLED });
    await until(() => node.cancelled === 1, 'the cancellation');
  });

  it('makes no call for a parent that is gone', async () => {
    const { node, stub } = await startBackend();
    let parent: ServerUnaryCall<ProbeRequest, ProbeReply> | undefined;
    const caller = await startCaller((call) => {
      parent = call;
    });
    const call = caller.unary(REQUEST, () => {});
    await until(() => parent !== undefined, 'the call');
    call.cancel();
    await until(() => parent?.cancelled === true, 'the cancellation');
    expect(await unary(stub, metadata({ do: 'hang' }), { parent })).toMatchObject({ code: status.CANCELLED });
    expect(node.calls).toEqual([]);
  });
});
