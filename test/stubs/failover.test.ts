import { status } from '@grpc/grpc-js';
import { createClient, Metadata as NiceMetadata } from 'nice-grpc';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type ProbeReply, type ProbeRequest, ProbeService } from './gen/probe.js';
import { metadata, next } from './observation.js';
import { type Deaths, ProbeNode } from './probe-node.js';
import { request } from './scenario.js';
import { GRPC_JS_STUBS } from './stubs.js';
import { probeMesh } from './targets.js';

/** What the four kinds of call bring, whatever stub makes them. */
interface Calls {
  unary(dies: string): Promise<string>;
  collect(dies: string, texts: readonly string[]): Promise<string>;
  list(dies: string, count: number): Promise<string>;
  chat(dies: string, texts: readonly string[]): Promise<string>;
}

type Mesh = ReturnType<typeof probeMesh>;

// What the mesh is not told it has to be told: a request stream may only run twice where that is harmless.
const SETTINGS = { idempotent: true } as const;

function withStub(name: keyof typeof GRPC_JS_STUBS, told: boolean) {
  return (mesh: Mesh): Calls => {
    const channel = mesh.channel('probe', { ...SETTINGS, ...(told ? { definitions: [ProbeService] } : {}) });
    const stub = GRPC_JS_STUBS[name]({
      address: 'probe',
      options: { channelOverride: channel },
      channel: () => channel,
      close: async () => {},
    });
    return {
      unary: (dies) =>
        new Promise((resolve, reject) =>
          stub.unary(request(), metadata({ dies }), (error, reply) =>
            error === null ? resolve(reply.text) : reject(error),
          ),
        ),
      collect: (dies, texts) =>
        new Promise((resolve, reject) => {
          const call = stub.collect(metadata({ dies }), (error, reply) =>
            error === null ? resolve(reply.text) : reject(error),
          );
          for (const text of texts) call.write(request({ text }));
          call.end();
        }),
      list: async (dies, count) => {
        const texts: string[] = [];
        for await (const reply of stub.list(request({ count }), metadata({ dies }))) texts.push(reply.text);
        return texts.join();
      },
      chat: async (dies, texts) => {
        const call = stub.chat(metadata({ dies }));
        const replies: string[] = [];
        const failed = next(call, 'error').then((error) => Promise.reject(error));
        call.on('data', ({ text }: ProbeReply) => replies.push(text));
        const ended = next(call, 'end');
        for (const text of texts) {
          if (!call.write(request({ text }))) await Promise.race([next(call, 'drain'), failed]);
        }
        call.end();
        await Promise.race([ended, failed]);
        return replies.join();
      },
    };
  };
}

function withNiceGrpc(told: boolean) {
  return (mesh: Mesh): Calls => {
    const channel = mesh.channel('probe', { ...SETTINGS, ...(told ? { definitions: [ProbeService] } : {}) });
    const probe = createClient(ProbeService, channel);
    return promised({
      unary: (message, dies) => probe.unary(message, { metadata: niceMetadata(dies) }),
      collect: (messages, dies) => probe.collect(messages, { metadata: niceMetadata(dies) }),
      list: (message, dies) => probe.list(message, { metadata: niceMetadata(dies) }),
      chat: (messages, dies) => probe.chat(messages, { metadata: niceMetadata(dies) }),
    });
  };
}

function withTypedClient(mesh: Mesh): Calls {
  const probe = mesh.client(ProbeService, { service: 'probe', ...SETTINGS });
  return promised({
    unary: (message, dies) => probe.unary(message, { metadata: metadata({ dies }) }),
    collect: (messages, dies) => probe.collect(messages, { metadata: metadata({ dies }) }),
    list: (message, dies) => probe.list(message, { metadata: metadata({ dies }) }),
    chat: (messages, dies) => probe.chat(messages, { metadata: metadata({ dies }) }),
  });
}

function niceMetadata(dies: string): NiceMetadata {
  return new NiceMetadata({ dies });
}

interface PromiseProbe {
  unary(message: ProbeRequest, dies: string): Promise<ProbeReply>;
  collect(messages: AsyncIterable<ProbeRequest>, dies: string): Promise<ProbeReply>;
  list(message: ProbeRequest, dies: string): AsyncIterable<ProbeReply>;
  chat(messages: AsyncIterable<ProbeRequest>, dies: string): AsyncIterable<ProbeReply>;
}

function promised(probe: PromiseProbe): Calls {
  async function* requests(texts: readonly string[]): AsyncGenerator<ProbeRequest> {
    for (const text of texts) yield request({ text });
  }
  async function joined(replies: AsyncIterable<ProbeReply>): Promise<string> {
    const texts: string[] = [];
    for await (const { text } of replies) texts.push(text);
    return texts.join();
  }
  return {
    unary: async (dies) => (await probe.unary(request(), dies)).text,
    collect: async (dies, texts) => (await probe.collect(requests(texts), dies)).text,
    list: (dies, count) => joined(probe.list(request({ count }), dies)),
    chat: (dies, texts) => joined(probe.chat(requests(texts), dies)),
  };
}

const CLIENTS: readonly (readonly [string, (mesh: Mesh) => Calls])[] = [
  ["proto-loader's dynamic client", withStub("proto-loader's dynamic client", true)],
  ["proto-loader's dynamic client, without definitions", withStub("proto-loader's dynamic client", false)],
  ['the generated client', withStub('the generated client', true)],
  ['the generated client, without definitions', withStub('the generated client', false)],
  ['nice-grpc', withNiceGrpc(true)],
  ['nice-grpc, without definitions', withNiceGrpc(false)],
  ['the typed client', withTypedClient],
];

const TEXTS = Array.from({ length: 20 }, (_, index) => `m${index}`);

describe.each(CLIENTS)('a node that dies before its first message, through %s', (_name, make) => {
  let nodes: ProbeNode[] = [];
  let deaths: Deaths = { left: 1 };
  let mesh: Mesh;
  let calls: Calls;

  beforeEach(async () => {
    nodes = [await ProbeNode.start(), await ProbeNode.start()];
    deaths = { left: 1 };
    for (const node of nodes) node.deaths = deaths;
    mesh = probeMesh(nodes.map(({ address }) => address));
    calls = make(mesh);
  });

  afterEach(async () => {
    await mesh.close();
    for (const node of nodes) node.close();
  });

  /** Each node was called once: the second attempt went to the other one. */
  function expectMove(): void {
    expect(deaths.left).toBe(0);
    expect(nodes.map(({ calls }) => calls.length)).toEqual([1, 1]);
    const attempts = nodes.flatMap((node) =>
      node.metadata.map((each) => each.get('grpc-previous-rpc-attempts')),
    );
    expect(attempts.toSorted()).toEqual([[], ['1']]);
  }

  it.each(['at-once', 'with-headers'])('fails over a unary call (%s)', async (dies) => {
    expect(await calls.unary(dies)).toBe('a');
    expectMove();
  });

  it.each(['at-once', 'with-headers'])('fails over a server stream (%s)', async (dies) => {
    expect(await calls.list(dies, 3)).toBe('a0,a1,a2');
    expectMove();
  });

  it.each(['at-once', 'with-headers', 'after-3', 'after-20'])(
    'fails over a client stream (%s)',
    async (dies) => {
      expect(await calls.collect(dies, TEXTS)).toBe(TEXTS.join());
      expectMove();
    },
  );

  it.each(['at-once', 'with-headers', 'after-3', 'after-20'])(
    'fails over a bidirectional stream (%s)',
    async (dies) => {
      expect(await calls.chat(dies, TEXTS)).toBe(TEXTS.join());
      expectMove();
    },
  );
});

describe('a request stream of a method that may not run twice', () => {
  it.each(['after-3', 'with-headers'])(
    'is not sent again when it may have been handled (%s)',
    async (dies) => {
      const nodes = [await ProbeNode.start(), await ProbeNode.start()];
      const deaths = { left: 2 };
      for (const node of nodes) node.deaths = deaths;
      const mesh = probeMesh(nodes.map(({ address }) => address));
      try {
        const probe = mesh.client(ProbeService, { service: 'probe', retries: 3 });
        const expected = { code: status.UNAVAILABLE, reason: 'dropped', attempts: [{ delivery: 'unknown' }] };
        const requests = TEXTS.map((text) => request({ text }));
        await expect(probe.collect(requests, { metadata: metadata({ dies }) })).rejects.toMatchObject(
          expected,
        );
        await expect(probe.chat(requests, { metadata: metadata({ dies }) }).next()).rejects.toMatchObject(
          expected,
        );
        expect(nodes.map(({ calls }) => calls.length)).toEqual([1, 1]);
      } finally {
        await mesh.close();
        for (const node of nodes) node.close();
      }
    },
  );
});
