import {
  type CallOptions,
  type ChannelOptions,
  type ClientUnaryCall,
  compressionAlgorithms,
  InterceptingCall,
  type Metadata,
  type ServerOptions,
  type ServiceError,
  status,
} from '@grpc/grpc-js';
import type { ProbeClient, ProbeReply, ProbeRequest } from './gen/probe.js';
import { failed, flat, metadata, next, Recorder, shown, until } from './observation.js';
import type { ProbeNode } from './probe-node.js';

/** Code that somebody wrote against grpc-js, and what it must see. */
export interface Scenario {
  readonly name: string;
  readonly server?: ServerOptions;
  readonly channelOptions?: ChannelOptions;
  readonly run: (stub: ProbeClient, node: ProbeNode) => Promise<unknown>;
}

const MIB = 1024 * 1024;
const WITH_METADATA = { headers: 'h', trailers: 't', 'x-in': 'in', 'x-in-bin': Buffer.from([0, 254]) };

function request(fields: Partial<ProbeRequest> = {}): ProbeRequest {
  return { text: 'a', count: 0, payload: Buffer.alloc(0), size: 0, ...fields };
}

/** A unary call, from its events to its callback. */
function unary(
  stub: ProbeClient,
  pairs: Readonly<Record<string, string | Buffer>> = {},
  message: ProbeRequest = request(),
  options: Partial<CallOptions> = {},
  act: (call: ClientUnaryCall) => void = () => {},
): Promise<unknown> {
  return new Promise((resolve) => {
    let recorder: Recorder | undefined;
    const call = stub.unary(message, metadata(pairs), options, (error, reply) => {
      // The status event follows the callback.
      setImmediate(() =>
        resolve({ error: failed(error), reply: shown(reply), events: recorder?.events ?? 'at once' }),
      );
    });
    recorder = new Recorder(call);
    act(call);
  });
}

/** The same, for failures whose words are the library's own: only what a program decides on. */
async function unaryCode(...args: Parameters<typeof unary>): Promise<unknown> {
  const { error, reply } = (await unary(...args)) as { error: { code: number } | null; reply: unknown };
  return { code: error?.code, reply };
}

function collect(stub: ProbeClient, pairs: Readonly<Record<string, string | Buffer>> = {}) {
  let settle: (result: { error: unknown; reply: unknown }) => void = () => {};
  const result = new Promise<{ error: unknown; reply: unknown }>((resolve) => {
    settle = resolve;
  });
  const call = stub.collect(metadata(pairs), (error: ServiceError | null, reply: ProbeReply) =>
    settle({ error: failed(error), reply: shown(reply) }),
  );
  return { call, recorder: new Recorder(call), result };
}

export const SCENARIOS: readonly Scenario[] = [
  {
    name: 'unary: metadata, headers, trailers, reply and status, in order',
    run: (stub) => unary(stub, WITH_METADATA, request({ text: 'xuxu', payload: Buffer.alloc(10) })),
  },
  { name: 'unary: a message of 0 bytes', run: (stub) => unary(stub, {}, request({ text: '' })) },
  {
    name: 'unary: an error with details and trailers',
    run: (stub) => unary(stub, { do: 'fail', trailers: 't' }),
  },
  {
    name: 'unary: an error after headers',
    run: (stub) => unary(stub, { ...WITH_METADATA, do: 'fail', code: '14' }),
  },
  {
    name: 'unary: cancelled before anything was sent',
    run: (stub) => unary(stub, {}, request(), {}, (call) => call.cancel()),
  },
  {
    name: 'unary: cancelled in the middle, on the wire too',
    run: async (stub, node) => {
      const seen = await unary(stub, { do: 'hang' }, request(), {}, (call) => {
        void until(() => node.calls.length > 0, 'the call').then(() => call.cancel());
      });
      await until(() => node.cancelled === 1, 'the cancellation');
      return seen;
    },
  },
  {
    name: 'unary: a deadline',
    run: (stub) => unaryCode(stub, { do: 'hang' }, request(), { deadline: Date.now() + 60 }),
  },
  {
    name: 'unary: a deadline that has passed',
    run: (stub) => unaryCode(stub, {}, request(), { deadline: new Date(Date.now() - 1000) }),
  },
  {
    name: 'unary: a deadline of 20 days',
    run: (stub) => unaryCode(stub, {}, request(), { deadline: Date.now() + 20 * 86_400_000 }),
  },
  {
    name: 'unary: messages of 4 MiB, a little less',
    run: (stub) => unary(stub, {}, request({ payload: Buffer.alloc(4 * MIB - 100), size: 4 * MIB - 100 })),
  },
  {
    name: 'unary: a reply of more than 4 MiB is refused by default',
    run: (stub) => unary(stub, {}, request({ size: 5 * MIB })),
  },
  {
    name: 'unary: a request of more than 4 MiB is refused by the server',
    run: (stub) => unaryCode(stub, {}, request({ payload: Buffer.alloc(5 * MIB) })),
  },
  {
    name: 'unary: 8 MiB each way, where options say so',
    server: { 'grpc.max_receive_message_length': -1, 'grpc.max_send_message_length': -1 },
    channelOptions: { 'grpc.max_receive_message_length': -1 },
    run: (stub) => unary(stub, {}, request({ payload: Buffer.alloc(8 * MIB), size: 8 * MIB })),
  },
  {
    name: 'unary: a request above the limit of the client is not sent',
    channelOptions: { 'grpc.max_send_message_length': 1000 },
    run: async (stub, node) => {
      const seen = await unaryCode(stub, {}, request({ payload: Buffer.alloc(1001) }));
      return { seen, received: node.received };
    },
  },
  {
    name: 'unary: gzip',
    channelOptions: { 'grpc.default_compression_algorithm': compressionAlgorithms.gzip },
    run: async (stub, node) => {
      const seen = await unary(stub, {}, request({ payload: Buffer.alloc(100_000, 'a') }));
      return { seen, packed: node.bytesIn < 10_000 };
    },
  },
  {
    name: 'unary: a message that is marked not to be compressed',
    channelOptions: { 'grpc.default_compression_algorithm': compressionAlgorithms.gzip },
    run: async (stub) => {
      const { call, result } = collect(stub);
      call.write(request({ text: 'plain' }), 2);
      call.write(request({ text: 'packed' }));
      call.end();
      return result;
    },
  },
  {
    name: 'unary: a method that the server does not have',
    run: (stub) =>
      new Promise((resolve) => {
        stub.makeUnaryRequest(
          '/probe.v1.Probe/Nothing',
          (bytes: Buffer) => bytes,
          (bytes) => bytes,
          Buffer.alloc(0),
          (error) => resolve(failed(error)),
        );
      }),
  },
  {
    name: 'unary: a reply that cannot be read',
    run: (stub) =>
      new Promise((resolve) => {
        stub.makeUnaryRequest(
          '/probe.v1.Probe/Unary',
          () => Buffer.alloc(0),
          () => {
            throw new Error('unreadable');
          },
          {},
          (error) => resolve(failed(error)),
        );
      }),
  },
  {
    name: 'unary: a request that cannot be written',
    run: (stub) =>
      new Promise((resolve) => {
        stub.makeUnaryRequest(
          '/probe.v1.Probe/Unary',
          () => {
            throw new Error('unwritable');
          },
          (bytes) => bytes,
          {},
          (error) => resolve(failed(error)),
        );
      }),
  },
  {
    name: "unary: the caller's metadata stays as it was",
    run: async (stub) => {
      const own = metadata({ 'x-in': '1' });
      await new Promise((resolve) => stub.unary(request(), own, resolve));
      return flat(own);
    },
  },
  {
    name: 'unary: interceptors of the stub',
    run: async (stub, node) => {
      const reply = await unary(stub, {}, request(), {
        interceptors: [
          (options, nextCall) =>
            new InterceptingCall(nextCall(options), {
              start: (headers: Metadata, _listener, go) => {
                headers.set('x-intercepted', 'yes');
                go(headers, {
                  onReceiveMessage: (message, pass) => pass({ ...message, text: `${message.text}!` }),
                });
              },
            }),
        ],
      });
      return { reply, seen: node.metadata[0]?.get('x-intercepted') };
    },
  },
  {
    name: 'unary: 50 calls at once',
    run: async (stub) => {
      const all = Array.from({ length: 50 }, (_, index) => unary(stub, {}, request({ text: `${index}` })));
      return Promise.all(all);
    },
  },
  {
    name: 'a stub that was closed',
    run: async (stub) => {
      await unary(stub);
      stub.close();
      try {
        const call = stub.unary(request(), () => {});
        call.on('error', () => {});
        return 'no error';
      } catch (error) {
        return String(error);
      }
    },
  },
  {
    name: 'a stub that waits to be ready',
    run: (stub) =>
      new Promise((resolve) =>
        stub.waitForReady(Date.now() + 2000, (error) => resolve(error?.message ?? 'ready')),
      ),
  },
  {
    name: 'a stub that waits to be ready, and there is nobody',
    run: (stub, node) => {
      node.kill();
      return new Promise((resolve) =>
        stub.waitForReady(Date.now() + 100, (error) => resolve(error?.message ?? 'ready')),
      );
    },
  },
  {
    name: 'server stream: messages, headers, trailers',
    run: async (stub) => {
      const call = stub.list(request({ count: 3, size: 5 }), metadata(WITH_METADATA));
      const { events } = new Recorder(call);
      await next(call, 'close');
      return events;
    },
  },
  {
    name: 'server stream: no message at all',
    run: async (stub) => {
      const call = stub.list(request(), metadata(WITH_METADATA));
      const { events } = new Recorder(call);
      call.resume();
      await next(call, 'close');
      return events;
    },
  },
  {
    name: 'server stream: messages of 0 bytes',
    run: async (stub) => {
      const call = stub.list(request({ text: '', count: 0 }));
      const { events } = new Recorder(call);
      await next(call, 'close');
      return events;
    },
  },
  {
    name: 'server stream: an error after two messages',
    run: async (stub) => {
      const call = stub.list(request({ count: 2 }), metadata({ ...WITH_METADATA, do: 'fail' }));
      const { events } = new Recorder(call);
      await next(call, 'close');
      return events;
    },
  },
  {
    name: 'server stream: an error before any message',
    run: async (stub) => {
      const call = stub.list(request(), metadata({ do: 'fail', trailers: 't' }));
      const { events } = new Recorder(call);
      await next(call, 'close');
      return events;
    },
  },
  {
    name: 'server stream: cancelled after the first message',
    run: async (stub, node) => {
      const call = stub.list(request({ count: 1 }), metadata({ do: 'hang' }));
      const { events } = new Recorder(call);
      call.once('data', () => call.cancel());
      await next(call, 'close');
      await until(() => node.cancelled === 1, 'the cancellation');
      return events;
    },
  },
  {
    name: 'server stream: a loop that is left',
    run: async (stub, node) => {
      const call = stub.list(request({ count: 5 }), metadata({ do: 'hang' }));
      const texts: string[] = [];
      call.on('error', () => {});
      for await (const reply of call) {
        texts.push(reply.text);
        if (texts.length === 2) break;
      }
      // Only cancel() reaches the wire, with grpc-js as with the mesh.
      call.cancel();
      await until(() => node.cancelled === 1, 'the cancellation');
      return texts;
    },
  },
  {
    name: 'server stream: a deadline in the middle',
    run: async (stub) => {
      const call = stub.list(request({ count: 2 }), metadata({ do: 'hang' }), { deadline: Date.now() + 80 });
      const texts: string[] = [];
      call.on('data', ({ text }: ProbeReply) => texts.push(text));
      const { code } = await next<ServiceError>(call, 'error');
      return { texts, deadline: code === status.DEADLINE_EXCEEDED };
    },
  },
  {
    name: 'server stream: paused and resumed',
    run: async (stub) => {
      const call = stub.list(request({ count: 200, size: 1000 }));
      const texts: string[] = [];
      call.on('data', ({ text }: ProbeReply) => {
        texts.push(text);
        call.pause();
        setImmediate(() => call.resume());
      });
      await next(call, 'end');
      return texts;
    },
  },
  {
    name: 'server stream: headers long before the first message',
    run: async (stub) => {
      const call = stub.list(request({ count: 0 }), metadata({ headers: 'h', do: 'hang' }));
      call.on('error', () => {});
      const headers = await next<Metadata>(call, 'metadata');
      call.cancel();
      return flat(headers);
    },
  },
  {
    name: 'client stream: messages, headers, trailers',
    run: async (stub) => {
      const { call, recorder, result } = collect(stub, WITH_METADATA);
      const closed = next(call, 'close');
      for (const text of ['a', 'b', 'c']) call.write(request({ text }));
      call.end();
      const seen = await result;
      await closed;
      return { seen, events: recorder.events };
    },
  },
  {
    name: 'client stream: nothing is sent',
    run: async (stub) => {
      const { call, recorder, result } = collect(stub);
      call.end();
      return { seen: await result, events: recorder.events };
    },
  },
  {
    name: 'client stream: each write is confirmed, in order',
    run: async (stub) => {
      const { call, result } = collect(stub);
      const confirmed: number[] = [];
      for (let index = 0; index < 50; index++) {
        call.write(request({ payload: Buffer.alloc(1000) }), () => confirmed.push(index));
      }
      const finished = next(call, 'finish');
      call.end();
      await finished;
      return { seen: await result, confirmed };
    },
  },
  {
    name: 'client stream: a reply while the client still sends',
    run: async (stub) => {
      const { call, result } = collect(stub, { do: 'early', trailers: 't' });
      call.on('error', () => {});
      call.write(request());
      return result;
    },
  },
  {
    name: 'client stream: an error while the client still sends',
    run: async (stub) => {
      const { call, result } = collect(stub, { do: 'fail', trailers: 't' });
      call.on('error', () => {});
      call.write(request());
      call.write(request());
      return result;
    },
  },
  {
    name: 'client stream: writing on after the end of the call',
    run: async (stub) => {
      const { call, result } = collect(stub, { do: 'early' });
      call.on('error', () => {});
      call.write(request());
      const seen = await result;
      // Nobody may wait for ever for a confirmation.
      const late = await Promise.race([
        new Promise((resolve) => call.write(request(), () => resolve('called back'))),
        new Promise((resolve) => setTimeout(() => resolve('never called back'), 200)),
      ]);
      return { seen, late };
    },
  },
  {
    name: 'client stream: cancelled',
    run: async (stub, node) => {
      const { call, recorder, result } = collect(stub, { do: 'hang' });
      call.on('error', () => {});
      call.write(request());
      await until(() => node.received === 1, 'the message');
      call.cancel();
      const seen = await result;
      await until(() => node.cancelled === 1, 'the cancellation');
      return { seen, events: recorder.events };
    },
  },
  {
    name: 'bidirectional: ping and pong',
    run: async (stub) => {
      const call = stub.chat(metadata(WITH_METADATA));
      const { events } = new Recorder(call);
      for (const text of ['a', '', 'c']) {
        const answer = next(call, 'data');
        call.write(request({ text }));
        await answer;
      }
      call.end();
      await next(call, 'close');
      return events;
    },
  },
  {
    name: 'bidirectional: a client that waits for headers before it writes',
    run: async (stub) => {
      const call = stub.chat(metadata(WITH_METADATA));
      const { events } = new Recorder(call);
      await next(call, 'metadata');
      call.write(request());
      await next(call, 'data');
      call.end();
      await next(call, 'close');
      return events;
    },
  },
  {
    name: 'bidirectional: all requests before any reply is read',
    run: async (stub) => {
      const call = stub.chat();
      for (let index = 0; index < 300; index++) call.write(request({ text: `${index}` }));
      call.end();
      const { events } = new Recorder(call);
      await next(call, 'close');
      return events;
    },
  },
  {
    name: 'bidirectional: nothing either way',
    run: async (stub) => {
      const call = stub.chat();
      const { events } = new Recorder(call);
      call.end();
      call.resume();
      await next(call, 'close');
      return events;
    },
  },
  {
    name: 'bidirectional: the server ends first',
    run: async (stub) => {
      const call = stub.chat(metadata({ do: 'early', trailers: 't' }));
      const { events } = new Recorder(call);
      call.resume();
      await next(call, 'end');
      return events;
    },
  },
  {
    name: 'bidirectional: an error in the middle',
    run: async (stub) => {
      const call = stub.chat(metadata({ do: 'fail', trailers: 't' }));
      const { events } = new Recorder(call);
      call.write(request());
      await next(call, 'data');
      call.write(request());
      await next(call, 'status');
      return events;
    },
  },
  {
    name: 'bidirectional: cancelled in the middle',
    run: async (stub, node) => {
      const call = stub.chat();
      const { events } = new Recorder(call);
      call.write(request());
      await next(call, 'data');
      call.cancel();
      await next(call, 'status');
      await until(() => node.cancelled === 1, 'the cancellation');
      return events;
    },
  },
  {
    name: 'bidirectional: 500 messages of 1 KiB each way',
    run: async (stub) => {
      const call = stub.chat();
      let bytes = 0;
      const order: number[] = [];
      call.on('data', (reply: ProbeReply) => {
        bytes += reply.payload.length;
        order.push(Number(reply.text));
      });
      const ended = next(call, 'end');
      for (let index = 0; index < 500; index++) {
        if (!call.write(request({ text: `${index}`, size: 1024, payload: Buffer.alloc(1024) })))
          await next(call, 'drain');
      }
      call.end();
      await ended;
      return { bytes, inOrder: order.every((each, index) => each === index), count: order.length };
    },
  },
];
