import { compressionAlgorithms, type Metadata, type ServiceError, status } from '@grpc/grpc-js';
import type { ProbeClient, ProbeReply } from './gen/probe.js';
import { failed, flat, metadata, next, Recorder, shown, until } from './observation.js';
import { request, type Scenario, WITH_METADATA } from './scenario.js';

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

/** Calls with a stream in them. */
export const STREAM_SCENARIOS: readonly Scenario[] = [
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
      const call = stub.list(request({ count: 2 }), metadata({ do: 'hang' }), {
        deadline: Date.now() + 3000,
      });
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
        new Promise((resolve) => setTimeout(() => resolve('never called back'), 5000)),
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
  {
    name: 'client stream: a message that is marked not to be compressed',
    channelOptions: { 'grpc.default_compression_algorithm': compressionAlgorithms.gzip },
    run: async (stub) => {
      const { call, result } = collect(stub);
      call.write(request({ text: 'plain' }), 2);
      call.write(request({ text: 'packed' }));
      call.end();
      return result;
    },
  },
];
