import type { ChannelOptions } from '@grpc/grpc-js';
import { type Client, ClientError, Metadata as NiceMetadata } from 'nice-grpc';
import type { ProbeReply, ProbeRequest, ProbeService } from './gen/probe.js';
import { shown, until } from './observation.js';
import type { ProbeNode } from './probe-node.js';
import { request } from './scenario.js';

export type NiceProbe = Client<ProbeService>;

/** Code that somebody wrote against nice-grpc, and what it must see. */
export interface NiceScenario {
  readonly name: string;
  readonly channelOptions?: ChannelOptions;
  readonly run: (probe: NiceProbe, node: ProbeNode) => Promise<unknown>;
}

const WITH_METADATA = { headers: 'h', trailers: 't', 'x-in': 'in' };

async function* requests(...texts: string[]): AsyncGenerator<ProbeRequest> {
  for (const text of texts) yield request({ text });
}

function flat(metadata: NiceMetadata): unknown {
  return [...metadata]
    .filter(([key]) => key !== 'date')
    .map(([key, values]) => [
      key,
      values.map((value) => (typeof value === 'string' ? value : Buffer.from(value).toString('hex'))),
    ]);
}

/** Call options that note headers and trailers. */
function noting(pairs: Record<string, string> = {}) {
  const notes: unknown[] = [];
  return {
    notes,
    options: {
      metadata: new NiceMetadata(pairs),
      onHeader: (header: NiceMetadata) => void notes.push({ header: flat(header) }),
      onTrailer: (trailer: NiceMetadata) => void notes.push({ trailer: flat(trailer) }),
    },
  };
}

function failed(error: unknown): unknown {
  if (!(error instanceof ClientError))
    return error instanceof Error ? `${error.name}: ${error.message}` : error;
  const { code, details, message, path } = error;
  return { code, details, message, path };
}

async function settled(promise: Promise<ProbeReply>): Promise<unknown> {
  return promise.then(shown, failed);
}

async function drained(replies: AsyncIterable<ProbeReply>): Promise<unknown> {
  const seen: unknown[] = [];
  try {
    for await (const reply of replies) seen.push(shown(reply));
  } catch (error) {
    seen.push(failed(error));
  }
  return seen;
}

export const NICE_SCENARIOS: readonly NiceScenario[] = [
  {
    name: 'unary: headers, reply, trailers',
    run: async (probe) => {
      const { notes, options } = noting(WITH_METADATA);
      return { seen: await settled(probe.unary(request({ size: 9 }), options)), notes };
    },
  },
  {
    name: 'unary: an error',
    run: async (probe) => {
      const { notes, options } = noting({ ...WITH_METADATA, do: 'fail' });
      return { seen: await settled(probe.unary(request(), options)), notes };
    },
  },
  {
    name: 'unary: aborted',
    run: async (probe, node) => {
      const controller = new AbortController();
      const { options } = noting({ do: 'hang' });
      const seen = settled(probe.unary(request(), { ...options, signal: controller.signal }));
      await until(() => node.calls.length === 1, 'the call');
      controller.abort();
      await until(() => node.cancelled === 1, 'the cancellation');
      return seen;
    },
  },
  {
    name: 'server stream: messages',
    run: async (probe) => {
      const { notes, options } = noting(WITH_METADATA);
      return { seen: await drained(probe.list(request({ count: 40, size: 3 }), options)), notes };
    },
  },
  {
    name: 'server stream: no message',
    run: async (probe) => {
      const { notes, options } = noting(WITH_METADATA);
      return { seen: await drained(probe.list(request(), options)), notes };
    },
  },
  {
    name: 'server stream: an error before any message',
    run: async (probe) => {
      const { notes, options } = noting({ do: 'fail' });
      return { seen: await drained(probe.list(request({ count: 0 }), options)), notes };
    },
  },
  {
    name: 'server stream: a loop that is left cancels on the wire',
    run: async (probe, node) => {
      const { options } = noting({ do: 'hang' });
      const texts: string[] = [];
      for await (const { text } of probe.list(request({ count: 2 }), options)) {
        texts.push(text);
        if (texts.length === 2) break;
      }
      await until(() => node.cancelled === 1, 'the cancellation');
      return texts;
    },
  },
  {
    name: 'client stream: messages',
    run: async (probe) => {
      const { notes, options } = noting(WITH_METADATA);
      return { seen: await settled(probe.collect(requests('a', 'b', 'c'), options)), notes };
    },
  },
  {
    name: 'client stream: nothing is sent',
    run: (probe) => settled(probe.collect(requests())),
  },
  {
    name: 'client stream: an early reply',
    run: async (probe, node) => {
      const { options } = noting({ do: 'early' });
      async function* endless(): AsyncGenerator<ProbeRequest> {
        for (;;) yield request({ payload: Buffer.alloc(10_000) });
      }
      const seen = await settled(probe.collect(endless(), options));
      return { seen, calls: node.calls.length };
    },
  },
  {
    name: 'client stream: the requests fail',
    run: async (probe, node) => {
      async function* failing(): AsyncGenerator<ProbeRequest> {
        yield request();
        await until(() => node.received === 1, 'the first message');
        throw new Error('no more');
      }
      const seen = await settled(probe.collect(failing()));
      await until(() => node.cancelled === 1, 'the cancellation');
      return seen;
    },
  },
  {
    name: 'bidirectional: ping and pong',
    run: async (probe) => {
      const { notes, options } = noting(WITH_METADATA);
      return { seen: await drained(probe.chat(requests('a', 'b', '', 'd'), options)), notes };
    },
  },
  {
    name: 'bidirectional: an error in the middle',
    run: async (probe) => {
      const { options } = noting({ do: 'fail' });
      let heard: (() => void) | undefined;
      const first = new Promise<void>((resolve) => {
        heard = resolve;
      });
      async function* paced(): AsyncGenerator<ProbeRequest> {
        yield request({ text: 'a' });
        await first;
        yield request({ text: 'b' });
      }
      const seen: unknown[] = [];
      try {
        for await (const reply of probe.chat(paced(), options)) {
          seen.push(shown(reply));
          heard?.();
        }
      } catch (error) {
        seen.push(failed(error));
      }
      return seen;
    },
  },
  {
    name: 'bidirectional: 500 messages each way',
    run: async (probe) => {
      const texts = Array.from({ length: 500 }, (_, index) => `${index}`);
      return drained(probe.chat(requests(...texts)));
    },
  },
];
