import { type Metadata, status } from '@grpc/grpc-js';
import { events } from '@micromesh/core';
import { describe, expect, it } from 'vitest';
import { type ProbeRequest, ProbeService } from './gen/probe.js';
import { metadata, until } from './observation.js';
import { ProbeNode } from './probe-node.js';
import { request } from './scenario.js';
import { probeMesh } from './targets.js';
import { all, errorOf, requests, typedProbe } from './typed-probe.js';

const on = typedProbe();

const ALL_WORDS = { headers: 'h', trailers: 't', 'x-in': 'in' };

describe("a caller's code that fails", () => {
  it('ends the call with the error of its requests, and cancels on the wire', async () => {
    const own = new Error('no more input');
    async function* failing(): AsyncGenerator<ProbeRequest> {
      yield request();
      await until(() => on.node.received > 0, 'the first message');
      throw own;
    }
    await expect(on.probe.collect(failing())).rejects.toBe(own);
    await until(() => on.node.cancelled === 1, 'the cancellation');
    on.node.received = 0;
    await expect(all(on.probe.chat(failing()))).rejects.toBe(own);
    await until(() => on.node.cancelled === 2, 'the cancellation');
  });

  it('ends the call with the error of requests that cannot be iterated at all', async () => {
    const broken = {
      [Symbol.asyncIterator](): AsyncIterator<ProbeRequest> {
        throw new Error('no iterator');
      },
    };
    await expect(on.probe.collect(broken)).rejects.toThrow('no iterator');
    await expect(all(on.probe.chat(broken))).rejects.toThrow('no iterator');
    const none: Iterable<ProbeRequest> = JSON.parse('5');
    await expect(on.probe.collect(none)).rejects.toThrow(TypeError);
    await expect(all(on.probe.chat(none))).rejects.toThrow(TypeError);
  });

  it('tells the trailers also where the requests have failed', async () => {
    const heard: Metadata[] = [];
    async function* failing(): AsyncGenerator<ProbeRequest> {
      yield request();
      throw new Error('no more input');
    }
    const options = { onTrailer: (trailer: Metadata) => void heard.push(trailer) };
    await expect(on.probe.collect(failing(), options)).rejects.toThrow('no more input');
    expect(heard).toHaveLength(1);
  });

  it('ends the call with the error of a request that cannot be written, and closes the source', async () => {
    let closed = 0;
    const bad: ProbeRequest = JSON.parse('{"text":"a","count":"many","payload":5,"size":0}');
    async function* unwritable(): AsyncGenerator<ProbeRequest> {
      try {
        yield bad;
      } finally {
        closed++;
      }
    }
    await expect(on.probe.unary(bad)).rejects.toThrow(TypeError);
    await expect(all(on.probe.list(bad))).rejects.toThrow(TypeError);
    await expect(on.probe.collect(unwritable())).rejects.toThrow();
    await expect(all(on.probe.chat(unwritable()))).rejects.toThrow();
    await until(() => closed === 2, 'the end of the sources');
  });

  it('does not mind a source whose end fails', async () => {
    const source = (): Iterable<ProbeRequest> => ({
      [Symbol.iterator]: () => ({
        next: () => ({ done: false, value: request() }),
        return: () => {
          throw new Error('the end fails');
        },
      }),
    });
    const options = { metadata: metadata({ do: 'early' }) };
    expect(await on.probe.collect(source(), options)).toMatchObject({ count: 0 });
    expect(await all(on.probe.chat(source(), options))).toEqual([]);
  });

  it.each(['unary', 'collect', 'list', 'chat'] as const)(
    'ends the call with what onHeader throws: %s',
    async (kind) => {
      const own = new Error('my header');
      const options = {
        metadata: metadata(ALL_WORDS),
        onHeader: () => {
          throw own;
        },
      };
      const made = {
        unary: () => on.probe.unary(request(), options),
        collect: () => on.probe.collect(requests('a'), options),
        list: () => all(on.probe.list(request({ count: 3 }), options)),
        chat: () => all(on.probe.chat(requests('a', 'b'), options)),
      }[kind]();
      await expect(made).rejects.toBe(own);
    },
  );

  it.each(['unary', 'collect', 'list', 'chat'] as const)(
    'ends the call with what onTrailer throws: %s',
    async (kind) => {
      const own = new Error('my trailer');
      const options = {
        onTrailer: () => {
          throw own;
        },
      };
      const made = {
        unary: () => on.probe.unary(request(), options),
        collect: () => on.probe.collect(requests('a'), options),
        list: () => all(on.probe.list(request({ count: 3 }), options)),
        chat: () => all(on.probe.chat(requests('a', 'b'), options)),
      }[kind]();
      await expect(made).rejects.toBe(own);
    },
  );

  it('says INTERNAL for a reply that cannot be read, and cancels the rest of a stream', async () => {
    const unreadable = (): never => {
      throw new Error('garbage');
    };
    const broken = on.mesh.client(
      {
        unary: { ...ProbeService.unary, responseDeserialize: unreadable },
        list: { ...ProbeService.list, responseDeserialize: unreadable },
      },
      { service: 'probe' },
    );
    const expected = {
      code: status.INTERNAL,
      details: 'Response message parsing error: garbage',
      reason: 'protocol',
    };
    expect(await errorOf(broken.unary(request()))).toMatchObject(expected);
    const replies = broken.list(request({ count: 3 }), { metadata: metadata({ do: 'hang' }) });
    expect(await errorOf(replies.next())).toMatchObject(expected);
    expect(await replies.next()).toEqual({ done: true, value: undefined });
    await until(() => on.node.cancelled === 1, 'the cancellation');
  });
});

describe('the replay buffer', () => {
  it("beyond its 1 MiB ends the call's retries, with an event, never the call", async () => {
    const stops: string[] = [];
    const unsubscribe = events.retryStop.subscribe(({ cause }) => stops.push(cause));
    const other = await ProbeNode.start();
    const two = probeMesh([on.node.address, other.address]);
    try {
      const deaths = { left: 0 };
      for (const each of [on.node, other]) each.deaths = deaths;
      const replaying = two.client(ProbeService, { service: 'probe', idempotent: true });
      async function* large(count: number): AsyncGenerator<ProbeRequest> {
        for (let index = 0; index < count; index++) yield request({ payload: Buffer.alloc(100_000) });
      }
      expect((await replaying.collect(large(40))).count).toBe(40);
      // Below the limit it is replayed, above it is not.
      deaths.left = 1;
      expect((await replaying.collect(large(5), { metadata: metadata({ dies: 'after-5' }) })).count).toBe(5);
      deaths.left = 1;
      const error = await errorOf(replaying.collect(large(40), { metadata: metadata({ dies: 'after-38' }) }));
      expect(error).toMatchObject({ code: status.UNAVAILABLE, reason: 'dropped' });
      expect(error.attempts).toHaveLength(1);
      expect(stops).toContain('replayOverflow');
    } finally {
      unsubscribe();
      await two.close();
      other.close();
    }
  });
});

describe("a failed call's error", () => {
  it("is the server's, word for word, where there was one attempt", async () => {
    const error = await errorOf(
      on.probe.unary(request(), { metadata: metadata({ do: 'fail', trailers: 't' }) }),
    );
    expect(error).toBeInstanceOf(Error);
    expect(error).toMatchObject({
      name: 'CallError',
      code: 9,
      details: 'told to: äö €',
      message: '9 FAILED_PRECONDITION: told to: äö €',
      reason: 'none',
    });
    expect(error.metadata.get('grpc-status-details-bin')).toEqual([Buffer.from('0807120464657461', 'hex')]);
    expect(error.attempts).toEqual([
      {
        node: `probe@${on.node.address}`,
        address: on.node.address,
        code: 9,
        delivery: 'answered',
        reason: 'none',
        detail: 'told to: äö €',
        ms: expect.any(Number),
      },
    ]);
    expect(error.stack).toContain('typed-client-failures.test.ts');
  });

  it('tells each attempt in one line where there were several', async () => {
    const retrying = on.mesh.client(ProbeService, { service: 'probe', retries: 2 });
    const error = await errorOf(
      retrying.unary(request(), { metadata: metadata({ do: 'fail', code: '14' }) }),
    );
    expect(error.details).toBe('told to: äö €');
    expect(error.attempts).toHaveLength(3);
    const attempt = `probe@${on.node.address} ${on.node.address} UNAVAILABLE told to: äö € \\(answered\\) \\d+ ms`;
    expect(error.message).toMatch(
      new RegExp(
        `^14 UNAVAILABLE: probe.v1.Probe/Unary failed after 3 attempts in \\d+ ms: ${attempt}; ${attempt}; ${attempt}$`,
      ),
    );
  });

  it('comes with the headers of the attempt that it is of, not of one before', async () => {
    const other = await ProbeNode.start();
    const two = probeMesh([on.node.address, other.address]);
    try {
      const deaths = { left: 1 };
      for (const each of [on.node, other]) each.deaths = deaths;
      const heard: unknown[] = [];
      // The first node dies with headers; the second fails without any.
      const error = await errorOf(
        two.client(ProbeService, { service: 'probe' }).unary(request(), {
          metadata: metadata({ dies: 'with-headers', do: 'fail' }),
          onHeader: (header) => heard.push(header),
        }),
      );
      expect(error.attempts.map(({ reason }) => reason)).toEqual(['dropped', 'none']);
      expect(heard).toEqual([]);
    } finally {
      await two.close();
      other.close();
    }
  });

  it('says what the mesh itself decided', async () => {
    // The connection is not to be part of the time.
    await on.probe.unary(request());
    const late = await errorOf(
      on.probe.unary(request(), { timeoutMs: 300, metadata: metadata({ do: 'hang' }) }),
    );
    expect(late).toMatchObject({ code: status.DEADLINE_EXCEEDED, reason: 'deadline' });
    expect(late.message).toMatch(
      /^4 DEADLINE_EXCEEDED: probe.v1.Probe\/Unary failed after 1 attempt in \d+ ms: /,
    );
    const nobody = on.mesh.client(ProbeService, { service: 'nobody' });
    const none = await errorOf(nobody.unary(request()));
    expect(none).toMatchObject({ code: status.UNAVAILABLE, reason: 'noNode', attempts: [] });
    expect(none.message).toContain('no node of nobody is registered');
  });

  it('reaches a stub as a ServiceError with the same facts', async () => {
    const { ProbeClient } = await import('./gen/probe.js');
    const { credentials } = await import('@grpc/grpc-js');
    const stub = new ProbeClient('probe', credentials.createInsecure(), {
      channelOverride: on.mesh.channel('probe', { definitions: [ProbeService], retries: 1 }),
    });
    const error: unknown = await new Promise((resolve) =>
      stub.unary(request(), metadata({ do: 'fail', code: '14' }), (failure) => resolve(failure)),
    );
    expect(error).toMatchObject({
      code: 14,
      details: 'told to: äö €',
      reason: 'none',
      attempts: [{ code: 14 }, { code: 14 }],
      message: expect.stringContaining('failed after 2 attempts'),
    });
  });
});
