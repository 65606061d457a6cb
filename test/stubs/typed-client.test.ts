import { type Metadata, status } from '@grpc/grpc-js';
import { CallError } from '@micromesh/client';
import { events } from '@micromesh/core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type ProbeReply, type ProbeRequest, ProbeService } from './gen/probe.js';
import { flat, metadata, shown, until } from './observation.js';
import { ProbeNode } from './probe-node.js';
import { probeMesh } from './targets.js';

function request(fields: Partial<ProbeRequest> = {}): ProbeRequest {
  return { text: 'a', count: 0, payload: Buffer.alloc(0), size: 0, ...fields };
}

async function* requests(...texts: string[]): AsyncGenerator<ProbeRequest> {
  for (const text of texts) yield request({ text });
}

async function all(replies: AsyncIterable<ProbeReply>): Promise<unknown[]> {
  const seen: unknown[] = [];
  for await (const reply of replies) seen.push(shown(reply));
  return seen;
}

/** The error that something ends with. */
async function errorOf(work: Promise<unknown>): Promise<CallError> {
  const error: unknown = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error instanceof CallError) return error;
  throw new Error(`expected a CallError, got ${String(error)}`);
}

const unhandled: unknown[] = [];
const note = (reason: unknown) => unhandled.push(reason);

let node: ProbeNode;
let mesh: ReturnType<typeof probeMesh>;
let probe: ReturnType<typeof client>;

function client() {
  return mesh.client(ProbeService, { service: 'probe', retries: 0 });
}

beforeEach(async () => {
  process.on('unhandledRejection', note);
  process.on('uncaughtException', note);
  node = await ProbeNode.start();
  mesh = probeMesh([node.address]);
  probe = client();
});

afterEach(async () => {
  await mesh.close();
  node.close();
  await new Promise((resolve) => setImmediate(resolve));
  process.off('unhandledRejection', note);
  process.off('uncaughtException', note);
  expect(unhandled.splice(0)).toEqual([]);
});

const ALL_WORDS = { headers: 'h', trailers: 't', 'x-in': 'in' };

describe('the typed client', () => {
  it('makes all four kinds of call', async () => {
    expect(shown(await probe.unary(request({ text: 'one' })))).toEqual({ text: 'one', count: 0, bytes: 0 });
    expect(shown(await probe.collect(requests('a', 'b')))).toEqual({ text: 'a,b', count: 2, bytes: 0 });
    expect(await all(probe.list(request({ count: 2, size: 4 })))).toEqual([
      { text: 'a0', count: 0, bytes: 4 },
      { text: 'a1', count: 1, bytes: 4 },
    ]);
    expect(await all(probe.chat(requests('x', 'y')))).toEqual([
      { text: 'x', count: 1, bytes: 0 },
      { text: 'y', count: 2, bytes: 0 },
    ]);
  });

  it('takes arrays and other iterables for requests', async () => {
    expect((await probe.collect([request({ text: '1' }), request({ text: '2' })])).text).toBe('1,2');
    expect((await probe.collect(new Set([request({ text: '3' })]))).text).toBe('3');
    expect(await all(probe.chat([request()]))).toHaveLength(1);
  });

  it('carries empty streams and messages of 0 bytes', async () => {
    const empty = request({ text: '' });
    expect(shown(await probe.unary(empty))).toEqual({ text: '', count: 0, bytes: 0 });
    expect(await probe.collect([])).toMatchObject({ count: 0 });
    expect(await probe.collect([empty, empty, empty])).toMatchObject({ count: 3 });
    expect(await all(probe.list(empty))).toEqual([]);
    expect(await all(probe.chat([]))).toEqual([]);
    expect(await all(probe.chat([empty, empty]))).toHaveLength(2);
  });

  it.each(['unary', 'collect', 'list', 'chat'] as const)(
    'tells headers and trailers once each: %s',
    async (kind) => {
      const heard: unknown[] = [];
      const options = {
        metadata: metadata(ALL_WORDS),
        onHeader: (header: Metadata) =>
          void heard.push(['header', header.get('x-header'), header.get('x-echo')]),
        onTrailer: (trailer: Metadata) => void heard.push(['trailer', flat(trailer)]),
      };
      if (kind === 'unary') await probe.unary(request(), options);
      if (kind === 'collect') await probe.collect(requests('a'), options);
      if (kind === 'list') await all(probe.list(request({ count: 2 }), options));
      if (kind === 'chat') await all(probe.chat(requests('a', 'b'), options));
      expect(heard).toEqual([
        ['header', ['h'], ['in']],
        ['trailer', { 'x-trailer': ['t, second'], 'x-trailer-bin': ['0x0001ff'] }],
      ]);
    },
  );

  it("leaves the caller's metadata as it was", async () => {
    const own = metadata({ 'x-in': '1' });
    await probe.unary(request(), { metadata: own });
    await all(probe.list(request({ count: 1 }), { metadata: own }));
    expect(flat(own)).toEqual({ 'x-in': ['1'] });
  });

  it('names an option that nobody reads', async () => {
    const options = JSON.parse('{"timeoutMS":1}');
    await expect(probe.unary(request(), options)).rejects.toThrow('did you mean timeoutMs?');
    await expect(probe.collect([], options)).rejects.toThrow('did you mean timeoutMs?');
    expect(() => probe.list(request(), options)).toThrow('did you mean timeoutMs?');
    expect(node.calls).toEqual([]);
  });

  it('takes a time that is over for a deadline that has passed', async () => {
    for (const timeoutMs of [0, -5]) {
      expect(await errorOf(probe.unary(request(), { timeoutMs }))).toMatchObject({
        code: status.DEADLINE_EXCEEDED,
        reason: 'deadline',
      });
    }
    expect(node.calls).toEqual([]);
  });

  it('names a value that cannot be', async () => {
    await expect(probe.unary(request(), { timeoutMs: Number.NaN })).rejects.toThrow(
      'Probe.unary.timeoutMs: null is no time',
    );
    await expect(probe.collect([], { retries: 1.5 })).rejects.toThrow(
      'Probe.collect.retries: 1.5 is not an integer',
    );
    expect(() => probe.list(request(), { attemptTimeoutMs: 0 })).toThrow('Probe.list.attemptTimeoutMs: 0');
    expect(node.calls).toEqual([]);
  });

  it('writes a request stream on while the response is read', async () => {
    const order: string[] = [];
    async function* paced(): AsyncGenerator<ProbeRequest> {
      for (const text of ['a', 'b', 'c']) {
        order.push(`sends ${text}`);
        yield request({ text });
        await until(() => order.includes(`gets ${text}`), `the answer to ${text}`);
      }
    }
    for await (const { text } of probe.chat(paced())) order.push(`gets ${text}`);
    expect(order).toEqual(['sends a', 'gets a', 'sends b', 'gets b', 'sends c', 'gets c']);
  });

  it('answers several reads that wait at once, in order', async () => {
    const replies = probe.list(request({ count: 3 }));
    const results = await Promise.all([1, 2, 3, 4, 5].map(() => replies.next()));
    expect(results.map(({ done, value }) => (done ? 'done' : value.text))).toEqual([
      'a0',
      'a1',
      'a2',
      'done',
      'done',
    ]);
  });
});

describe('a caller that goes', () => {
  it('cancels on the wire when a loop is left', async () => {
    let trailers = 0;
    const options = { metadata: metadata({ do: 'hang' }), onTrailer: () => void trailers++ };
    for await (const _reply of probe.list(request({ count: 3 }), options)) break;
    await until(() => node.cancelled === 1, 'the cancellation');
    expect(trailers).toBe(1);
    for await (const _reply of probe.chat(requests('a', 'b'), { metadata: metadata({ do: 'slow' }) })) break;
  });

  it('closes the requests of a bidirectional call whose loop is left', async () => {
    let closed = false;
    async function* endless(): AsyncGenerator<ProbeRequest> {
      try {
        for (;;) {
          yield request();
          await new Promise((resolve) => setTimeout(resolve, 1));
        }
      } finally {
        closed = true;
      }
    }
    for await (const _reply of probe.chat(endless())) break;
    await until(() => closed, 'the end of the requests');
    await until(() => node.cancelled === 1, 'the cancellation');
  });

  it('says done to a read that waits when the loop is left from outside', async () => {
    const replies = probe.list(request(), { metadata: metadata({ do: 'hang' }) });
    const waiting = replies.next();
    await until(() => node.calls.length === 1, 'the call');
    await replies.return?.();
    expect(await waiting).toEqual({ done: true, value: undefined });
    expect(await replies.next()).toEqual({ done: true, value: undefined });
    await until(() => node.cancelled === 1, 'the cancellation');
  });

  it.each(['unary', 'collect', 'list', 'chat'] as const)('aborts with a signal: %s', async (kind) => {
    const controller = new AbortController();
    const options = { signal: controller.signal, metadata: metadata({ do: 'hang' }) };
    async function* first(): AsyncGenerator<ProbeRequest> {
      yield request();
      await new Promise(() => {});
    }
    const made = {
      unary: () => probe.unary(request(), options),
      collect: () => probe.collect(first(), options),
      list: () => all(probe.list(request(), options)),
      chat: () => all(probe.chat(first(), options)),
    }[kind]();
    const error = errorOf(made);
    await until(() => node.calls.length === 1, 'the call');
    controller.abort();
    expect(await error).toMatchObject({ code: status.CANCELLED, reason: 'cancelled' });
    await until(() => node.cancelled === 1, 'the cancellation');
  });

  it('makes no call with a signal that has aborted', async () => {
    const signal = AbortSignal.abort();
    expect(await errorOf(probe.unary(request(), { signal }))).toMatchObject({ code: status.CANCELLED });
    expect(await errorOf(probe.collect(requests('a'), { signal }))).toMatchObject({ code: status.CANCELLED });
    expect(await errorOf(all(probe.list(request(), { signal })))).toMatchObject({ code: status.CANCELLED });
    expect(await errorOf(all(probe.chat(requests('a'), { signal })))).toMatchObject({
      code: status.CANCELLED,
    });
    expect(node.calls).toEqual([]);
  });

  it('leaves no listener on a signal that outlives its calls', async () => {
    const { signal } = new AbortController();
    let listeners = 0;
    const add = signal.addEventListener.bind(signal);
    const remove = signal.removeEventListener.bind(signal);
    signal.addEventListener = (...args: Parameters<typeof add>) => {
      listeners++;
      add(...args);
    };
    signal.removeEventListener = (...args: Parameters<typeof remove>) => {
      listeners--;
      remove(...args);
    };
    await Promise.all(Array.from({ length: 30 }, () => probe.unary(request(), { signal })));
    await all(probe.list(request({ count: 2 }), { signal }));
    expect(listeners).toBe(0);
  });
});

describe("a caller's code that fails", () => {
  it('ends the call with the error of its requests, and cancels on the wire', async () => {
    const own = new Error('no more input');
    async function* failing(): AsyncGenerator<ProbeRequest> {
      yield request();
      await until(() => node.received > 0, 'the first message');
      throw own;
    }
    await expect(probe.collect(failing())).rejects.toBe(own);
    await until(() => node.cancelled === 1, 'the cancellation');
    node.received = 0;
    await expect(all(probe.chat(failing()))).rejects.toBe(own);
    await until(() => node.cancelled === 2, 'the cancellation');
  });

  it('ends the call with the error of requests that cannot be iterated at all', async () => {
    const broken = {
      [Symbol.asyncIterator](): AsyncIterator<ProbeRequest> {
        throw new Error('no iterator');
      },
    };
    await expect(probe.collect(broken)).rejects.toThrow('no iterator');
    await expect(all(probe.chat(broken))).rejects.toThrow('no iterator');
    const none: Iterable<ProbeRequest> = JSON.parse('5');
    await expect(probe.collect(none)).rejects.toThrow(TypeError);
    await expect(all(probe.chat(none))).rejects.toThrow(TypeError);
    expect(mesh).toBeDefined();
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
    await expect(probe.unary(bad)).rejects.toThrow();
    await expect(probe.collect(unwritable())).rejects.toThrow();
    await expect(all(probe.chat(unwritable()))).rejects.toThrow();
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
    expect(await probe.collect(source(), options)).toMatchObject({ count: 0 });
    expect(await all(probe.chat(source(), options))).toEqual([]);
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
        unary: () => probe.unary(request(), options),
        collect: () => probe.collect(requests('a'), options),
        list: () => all(probe.list(request({ count: 3 }), options)),
        chat: () => all(probe.chat(requests('a', 'b'), options)),
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
        unary: () => probe.unary(request(), options),
        collect: () => probe.collect(requests('a'), options),
        list: () => all(probe.list(request({ count: 3 }), options)),
        chat: () => all(probe.chat(requests('a', 'b'), options)),
      }[kind]();
      await expect(made).rejects.toBe(own);
    },
  );

  it('says INTERNAL for a reply that cannot be read, and cancels the rest of a stream', async () => {
    const unreadable = (): never => {
      throw new Error('garbage');
    };
    const broken = mesh.client(
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
    await until(() => node.cancelled === 1, 'the cancellation');
  });
});

describe('a server that ends early', () => {
  async function* endless(pulled: { count: number; closed: boolean }): AsyncGenerator<ProbeRequest> {
    try {
      for (;;) {
        pulled.count++;
        yield request({ payload: Buffer.alloc(10_000) });
      }
    } finally {
      pulled.closed = true;
    }
  }

  it('with a reply ends the sending of a client stream, which has succeeded', async () => {
    const pulled = { count: 0, closed: false };
    const reply = await probe.collect(endless(pulled), { metadata: metadata({ do: 'early' }) });
    expect(reply.count).toBe(0);
    await until(() => pulled.closed, 'the end of the requests');
    const { count } = pulled;
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(pulled.count).toBe(count);
  });

  it('with an error ends the sending of a client stream', async () => {
    const pulled = { count: 0, closed: false };
    const error = await errorOf(probe.collect(endless(pulled), { metadata: metadata({ do: 'fail' }) }));
    expect(error).toMatchObject({ code: 9, reason: 'none' });
    await until(() => pulled.closed, 'the end of the requests');
  });

  it('ends both directions of a bidirectional call', async () => {
    const pulled = { count: 0, closed: false };
    expect(await all(probe.chat(endless(pulled), { metadata: metadata({ do: 'early' }) }))).toEqual([]);
    await until(() => pulled.closed, 'the end of the requests');
  });

  it('does not wait for a source that gives nothing', async () => {
    const nothing = { [Symbol.asyncIterator]: () => ({ next: () => new Promise<never>(() => {}) }) };
    expect(await probe.collect(nothing, { metadata: metadata({ do: 'early' }) })).toMatchObject({ count: 0 });
    expect(await all(probe.chat(nothing, { metadata: metadata({ do: 'early' }) }))).toEqual([]);
  });
});

describe('the replay buffer', () => {
  it("beyond its 1 MiB ends the call's retries, with an event, never the call", async () => {
    const stops: string[] = [];
    const unsubscribe = events.retryStop.subscribe(({ cause }) => stops.push(cause));
    const other = await ProbeNode.start();
    const two = probeMesh([node.address, other.address]);
    try {
      const deaths = { left: 0 };
      for (const each of [node, other]) each.deaths = deaths;
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
      probe.unary(request(), { metadata: metadata({ do: 'fail', trailers: 't' }) }),
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
        node: `probe@${node.address}`,
        address: node.address,
        code: 9,
        delivery: 'answered',
        reason: 'none',
        detail: 'told to: äö €',
        ms: expect.any(Number),
      },
    ]);
    expect(error.stack).toContain('typed-client.test.ts');
  });

  it('tells each attempt in one line where there were several', async () => {
    const retrying = mesh.client(ProbeService, { service: 'probe', retries: 2 });
    const error = await errorOf(
      retrying.unary(request(), { metadata: metadata({ do: 'fail', code: '14' }) }),
    );
    expect(error.details).toBe('told to: äö €');
    expect(error.attempts).toHaveLength(3);
    const attempt = `probe@${node.address} ${node.address} UNAVAILABLE told to: äö € \\(answered\\) \\d+ ms`;
    expect(error.message).toMatch(
      new RegExp(
        `^14 UNAVAILABLE: probe.v1.Probe/Unary failed after 3 attempts in \\d+ ms: ${attempt}; ${attempt}; ${attempt}$`,
      ),
    );
  });

  it('says what the mesh itself decided', async () => {
    const late = await errorOf(probe.unary(request(), { timeoutMs: 30, metadata: metadata({ do: 'hang' }) }));
    expect(late).toMatchObject({ code: status.DEADLINE_EXCEEDED, reason: 'deadline' });
    expect(late.message).toMatch(
      /^4 DEADLINE_EXCEEDED: probe.v1.Probe\/Unary failed after 1 attempt in \d+ ms: /,
    );
    const nobody = mesh.client(ProbeService, { service: 'nobody' });
    const none = await errorOf(nobody.unary(request()));
    expect(none).toMatchObject({ code: status.UNAVAILABLE, reason: 'noNode', attempts: [] });
    expect(none.message).toContain('no node of nobody is registered');
  });

  it('reaches a stub as a ServiceError with the same facts', async () => {
    const { ProbeClient } = await import('./gen/probe.js');
    const { credentials } = await import('@grpc/grpc-js');
    const stub = new ProbeClient('probe', credentials.createInsecure(), {
      channelOverride: mesh.channel('probe', { definitions: [ProbeService], retries: 1 }),
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
