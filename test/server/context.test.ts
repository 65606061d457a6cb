import { Metadata, status } from '@grpc/grpc-js';
import { createContextKey } from '@micromesh/server';
import { afterEach, describe, expect, it } from 'vitest';
import { closeAll, list, start } from './echo-calls.js';
import { RecordingLogger, say, until } from './harness.js';

afterEach(closeAll);

describe('a context', () => {
  it('knows peer, method, attempt and deadline', async () => {
    const seen: {
      peer: string;
      path: string;
      attempt: number;
      remainingMs: number;
      deadline: Date | undefined;
    }[] = [];
    const { client } = await start({
      handlers: {
        say: async (_request, { peer, method, attempt, remainingMs, deadline }) => {
          seen.push({ peer, path: method.path, attempt, remainingMs: remainingMs(), deadline });
          return { text: '' };
        },
      },
    });
    const metadata = new Metadata();
    metadata.set('grpc-previous-rpc-attempts', '2');
    await say(client, {}, { metadata, deadlineMs: 60_000 });
    await say(client, {});
    expect(seen[0]).toMatchObject({ path: '/echo.v1.Echo/Say', attempt: 3 });
    expect(seen[0]?.peer).toMatch(/^127\.0\.0\.1:\d+$/);
    expect(seen[0]?.remainingMs).toBeGreaterThan(30_000);
    expect(seen[0]?.remainingMs).toBeLessThanOrEqual(60_000);
    expect(seen[0]?.deadline?.getTime()).toBeGreaterThan(Date.now());
    expect(seen[1]).toMatchObject({ attempt: 1, remainingMs: Number.POSITIVE_INFINITY, deadline: undefined });
  });

  it('puts method and peer on each log line', async () => {
    const logger = new RecordingLogger();
    const { client } = await start({
      logger,
      handlers: {
        say: async (_request, { log }) => {
          log.info({ user: 7 }, 'hello');
          return { text: '' };
        },
      },
    });
    await say(client, {});
    const line = logger.lines.find(({ message }) => message === 'hello');
    expect(line?.fields).toMatchObject({ user: 7, method: '/echo.v1.Echo/Say', service: 'echo' });
    expect(line?.fields).toHaveProperty('peer');
  });

  it('carries typed values from interceptors, outermost first', async () => {
    const user = createContextKey('user', 'nobody');
    const order: string[] = [];
    const { client } = await start({
      interceptors: [
        (next) => async (context) => {
          order.push('outer in');
          context.values.set(user, String(context.metadata.get('user')[0]));
          await next(context);
          order.push('outer out');
        },
        (next) => async (context) => {
          order.push('inner in');
          await next(context);
          order.push('inner out');
        },
      ],
      handlers: {
        say: async (_request, { values }) => {
          order.push('handler');
          return { text: values.get(user) };
        },
        list: async function* (_request, { values }) {
          yield { text: values.get(createContextKey('user', 'other key')) };
          order.push('list');
        },
      },
    });
    const metadata = new Metadata();
    metadata.set('user', 'ann');
    expect((await say(client, {}, { metadata })).reply?.text).toBe('ann');
    expect(order).toEqual(['outer in', 'inner in', 'handler', 'inner out', 'outer out']);
    order.length = 0;
    const texts: string[] = [];
    for await (const { text } of list(client, {}, metadata)) texts.push(text);
    expect(texts).toEqual(['other key']);
    await until(() => order.at(-1) === 'outer out');
  });

  it('tells the caller when an interceptor refuses, swallows or repeats', async () => {
    const { RpcError } = await import('@micromesh/server');
    const modes: Record<string, (next: () => Promise<void>) => Promise<void>> = {
      refuse: () => Promise.reject(new RpcError(status.PERMISSION_DENIED, 'no')),
      swallow: () => Promise.resolve(),
      repeat: async (next) => {
        await next();
        await next();
      },
    };
    let handled = 0;
    const { client } = await start({
      interceptors: [
        (next) => (context) => {
          const mode = modes[String(context.metadata.get('mode')[0])];
          return mode === undefined ? next(context) : mode(() => next(context));
        },
      ],
      handlers: {
        say: async () => {
          handled++;
          return { text: '' };
        },
      },
    });
    const codes: (number | undefined)[] = [];
    for (const mode of ['refuse', 'swallow', 'repeat', 'none']) {
      const metadata = new Metadata();
      metadata.set('mode', mode);
      codes.push((await say(client, {}, { metadata })).error?.code);
    }
    expect(codes).toEqual([status.PERMISSION_DENIED, status.INTERNAL, status.INTERNAL, undefined]);
    expect(handled).toBe(2);
  });
});
