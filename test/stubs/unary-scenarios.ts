import {
  type CallOptions,
  type ClientUnaryCall,
  compressionAlgorithms,
  InterceptingCall,
  type Metadata,
} from '@grpc/grpc-js';
import type { ProbeClient, ProbeRequest } from './gen/probe.js';
import { failed, flat, metadata, Recorder, shown, until } from './observation.js';
import { request, type Scenario, WITH_METADATA } from './scenario.js';

const MIB = 1024 * 1024;

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

/** Unary calls, and the stub as such. */
export const UNARY_SCENARIOS: readonly Scenario[] = [
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
    name: 'unary: a host of its own',
    run: async (stub, node) => {
      const seen = await unary(stub, {}, request(), { host: 'other.example:99' });
      return { seen, hosts: node.hosts };
    },
  },
  {
    name: 'unary: the address of the node is the authority, and the peer once it has answered',
    run: async (stub, node) => {
      let peer: () => string = () => '';
      await unary(stub, {}, request(), {}, (call) => {
        peer = () => call.getPeer();
      });
      return { authority: node.hosts[0] === node.address, peer: peer() === node.address };
    },
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
        stub.waitForReady(Date.now() + 20_000, (error) => resolve(error?.message ?? 'ready')),
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
];
