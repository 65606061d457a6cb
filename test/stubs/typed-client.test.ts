import { type Metadata, status } from '@grpc/grpc-js';
import { describe, expect, it } from 'vitest';
import { countedListeners } from './counted-listeners.js';
import type { ProbeRequest } from './gen/probe.js';
import { flat, metadata, shown, until } from './observation.js';
import { request } from './scenario.js';
import { all, errorOf, requests, typedProbe } from './typed-probe.js';

const on = typedProbe();

const ALL_WORDS = { headers: 'h', trailers: 't', 'x-in': 'in' };

describe('the typed client', () => {
  it('makes all four kinds of call', async () => {
    expect(shown(await on.probe.unary(request({ text: 'one' })))).toEqual({
      text: 'one',
      count: 0,
      bytes: 0,
    });
    expect(shown(await on.probe.collect(requests('a', 'b')))).toEqual({ text: 'a,b', count: 2, bytes: 0 });
    expect(await all(on.probe.list(request({ count: 2, size: 4 })))).toEqual([
      { text: 'a0', count: 0, bytes: 4 },
      { text: 'a1', count: 1, bytes: 4 },
    ]);
    expect(await all(on.probe.chat(requests('x', 'y')))).toEqual([
      { text: 'x', count: 1, bytes: 0 },
      { text: 'y', count: 2, bytes: 0 },
    ]);
  });

  it('takes arrays and other iterables for requests', async () => {
    expect((await on.probe.collect([request({ text: '1' }), request({ text: '2' })])).text).toBe('1,2');
    expect((await on.probe.collect(new Set([request({ text: '3' })]))).text).toBe('3');
    expect(await all(on.probe.chat([request()]))).toHaveLength(1);
  });

  it('carries empty streams and messages of 0 bytes', async () => {
    const empty = request({ text: '' });
    expect(shown(await on.probe.unary(empty))).toEqual({ text: '', count: 0, bytes: 0 });
    expect(await on.probe.collect([])).toMatchObject({ count: 0 });
    expect(await on.probe.collect([empty, empty, empty])).toMatchObject({ count: 3 });
    expect(await all(on.probe.list(empty))).toEqual([]);
    expect(await all(on.probe.chat([]))).toEqual([]);
    expect(await all(on.probe.chat([empty, empty]))).toHaveLength(2);
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
      if (kind === 'unary') await on.probe.unary(request(), options);
      if (kind === 'collect') await on.probe.collect(requests('a'), options);
      if (kind === 'list') await all(on.probe.list(request({ count: 2 }), options));
      if (kind === 'chat') await all(on.probe.chat(requests('a', 'b'), options));
      expect(heard).toEqual([
        ['header', ['h'], ['in']],
        ['trailer', { 'x-trailer': ['t, second'], 'x-trailer-bin': ['0x0001ff'] }],
      ]);
    },
  );

  it("leaves the caller's metadata as it was", async () => {
    const own = metadata({ 'x-in': '1' });
    await on.probe.unary(request(), { metadata: own });
    await all(on.probe.list(request({ count: 1 }), { metadata: own }));
    expect(flat(own)).toEqual({ 'x-in': ['1'] });
  });

  it('names an option that nobody reads', async () => {
    const options = JSON.parse('{"timeoutMS":1}');
    await expect(on.probe.unary(request(), options)).rejects.toThrow('did you mean timeoutMs?');
    await expect(on.probe.collect([], options)).rejects.toThrow('did you mean timeoutMs?');
    expect(() => on.probe.list(request(), options)).toThrow('did you mean timeoutMs?');
    expect(on.node.calls).toEqual([]);
  });

  it('names a value that cannot be', async () => {
    await expect(on.probe.unary(request(), { timeoutMs: Number.NaN })).rejects.toThrow(
      'Probe.unary.timeoutMs: NaN is out of range',
    );
    await expect(on.probe.collect([], { retries: 1.5 })).rejects.toThrow(
      'Probe.collect.retries: 1.5 is not an integer',
    );
    expect(() => on.probe.list(request(), { attemptTimeoutMs: 0 })).toThrow('Probe.list.attemptTimeoutMs: 0');
    expect(on.node.calls).toEqual([]);
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
    for await (const { text } of on.probe.chat(paced())) order.push(`gets ${text}`);
    expect(order).toEqual(['sends a', 'gets a', 'sends b', 'gets b', 'sends c', 'gets c']);
  });

  it('answers several reads that wait at once, in order', async () => {
    const replies = on.probe.list(request({ count: 3 }));
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
    for await (const _reply of on.probe.list(request({ count: 3 }), options)) break;
    await until(() => on.node.cancelled === 1, 'the cancellation');
    expect(trailers).toBe(1);
    for await (const _reply of on.probe.chat(requests('a', 'b'), { metadata: metadata({ do: 'slow' }) }))
      break;
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
    for await (const _reply of on.probe.chat(endless())) break;
    await until(() => closed, 'the end of the requests');
    await until(() => on.node.cancelled === 1, 'the cancellation');
  });

  it('says done to a read that waits when the loop is left from outside', async () => {
    const replies = on.probe.list(request(), { metadata: metadata({ do: 'hang' }) });
    const waiting = replies.next();
    await until(() => on.node.calls.length === 1, 'the call');
    await replies.return?.();
    expect(await waiting).toEqual({ done: true, value: undefined });
    expect(await replies.next()).toEqual({ done: true, value: undefined });
    await until(() => on.node.cancelled === 1, 'the cancellation');
  });

  it.each(['unary', 'collect', 'list', 'chat'] as const)('aborts with a signal: %s', async (kind) => {
    const controller = new AbortController();
    const options = { signal: controller.signal, metadata: metadata({ do: 'hang' }) };
    async function* first(): AsyncGenerator<ProbeRequest> {
      yield request();
      await new Promise(() => {});
    }
    const made = {
      unary: () => on.probe.unary(request(), options),
      collect: () => on.probe.collect(first(), options),
      list: () => all(on.probe.list(request(), options)),
      chat: () => all(on.probe.chat(first(), options)),
    }[kind]();
    const error = errorOf(made);
    await until(() => on.node.calls.length === 1, 'the call');
    controller.abort();
    expect(await error).toMatchObject({ code: status.CANCELLED, reason: 'cancelled' });
    await until(() => on.node.cancelled === 1, 'the cancellation');
  });

  it('makes no call with a signal that has aborted', async () => {
    const signal = AbortSignal.abort();
    expect(await errorOf(on.probe.unary(request(), { signal }))).toMatchObject({ code: status.CANCELLED });
    expect(await errorOf(on.probe.collect(requests('a'), { signal }))).toMatchObject({
      code: status.CANCELLED,
    });
    expect(await errorOf(all(on.probe.list(request(), { signal })))).toMatchObject({
      code: status.CANCELLED,
    });
    expect(await errorOf(all(on.probe.chat(requests('a'), { signal })))).toMatchObject({
      code: status.CANCELLED,
    });
    expect(on.node.calls).toEqual([]);
  });

  it('leaves no listener on a signal that outlives its calls', async () => {
    const { signal } = new AbortController();
    const listeners = countedListeners(signal);
    await Promise.all(Array.from({ length: 30 }, () => on.probe.unary(request(), { signal })));
    await all(on.probe.list(request({ count: 2 }), { signal }));
    expect(listeners.count).toBe(0);
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
    const reply = await on.probe.collect(endless(pulled), { metadata: metadata({ do: 'early' }) });
    expect(reply.count).toBe(0);
    await until(() => pulled.closed, 'the end of the requests');
    const { count } = pulled;
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(pulled.count).toBe(count);
  });

  it('with an error ends the sending of a client stream', async () => {
    const pulled = { count: 0, closed: false };
    const error = await errorOf(on.probe.collect(endless(pulled), { metadata: metadata({ do: 'fail' }) }));
    expect(error).toMatchObject({ code: 9, reason: 'none' });
    await until(() => pulled.closed, 'the end of the requests');
  });

  it('ends both directions of a bidirectional call', async () => {
    const pulled = { count: 0, closed: false };
    expect(await all(on.probe.chat(endless(pulled), { metadata: metadata({ do: 'early' }) }))).toEqual([]);
    await until(() => pulled.closed, 'the end of the requests');
  });

  it('does not wait for a source that gives nothing', async () => {
    const nothing = { [Symbol.asyncIterator]: () => ({ next: () => new Promise<never>(() => {}) }) };
    expect(await on.probe.collect(nothing, { metadata: metadata({ do: 'early' }) })).toMatchObject({
      count: 0,
    });
    expect(await all(on.probe.chat(nothing, { metadata: metadata({ do: 'early' }) }))).toEqual([]);
  });
});
