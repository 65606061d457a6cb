// One node of hello.v1.Hello in a process of its own, which reports over IPC. What it registers goes to the test's
// registry by the same way.
//
// KIND: `micromesh` (default), or `plain`, a bare grpc-js server that knows nothing of meshes or registries.
// BEHAVIOUR: `greet` (default), `internal` (answers INTERNAL), `throw` (a bug in the handler).
import { setTimeout as sleep } from 'node:timers/promises';
import { Server, ServerCredentials, status } from '@grpc/grpc-js';
import { HelloService } from '@micromesh/service-hello';
import { createMesh, RpcError } from 'micromesh';

const { KIND = 'micromesh', BEHAVIOUR = 'greet', LISTEN = '127.0.0.1:0', WORK_MS = '0' } = process.env;

const report = (message) => process.connected && process.send(message);
/** What is added to the work, as the test says. */
let slowerMs = 0;
const silent = { debug() {}, info() {}, warn() {}, error() {} };

async function greet(name, stillWanted) {
  report({ started: name });
  if (BEHAVIOUR === 'internal') throw new RpcError(status.INTERNAL, 'scripted');
  if (BEHAVIOUR === 'throw') throw new TypeError('a bug in the handler');
  // A request may say how long its work takes.
  const [, asked] = /after (\d+) ms/.exec(name) ?? [];
  await sleep(Number(asked ?? WORK_MS) + slowerMs);
  await stillWanted();
  report({ effect: name, at: Date.now() });
  // Two turns of the event loop later the reply is in the socket.
  setImmediate(() => setImmediate(() => report({ replied: name, at: Date.now() })));
  return { msg: `Hello ${name}` };
}

/** The test's registry, at the other end of the IPC channel. */
const registry = {
  description: 'of the test',
  async register(registration) {
    await ask({ register: registration });
    return { id: registration.id, deregister: () => ask({ deregister: registration.id }) };
  },
  watch() {
    throw new Error('a node watches nothing');
  },
  services: async () => [],
  close: async () => {},
};

function ask(message) {
  report(message);
  return new Promise((resolve) => process.once('message', resolve));
}

async function serveMicromesh() {
  const mesh = createMesh({ registry, logger: silent });
  const running = await mesh
    .server('hello')
    .add(HelloService, {
      anything: ({ name }, { stillWanted }) => greet(name, stillWanted),
      list: async function* ({ count }) {
        for (let number = 1; number <= count; number++) yield { msg: String(number) };
      },
      collect: async () => ({ msg: '', count: 0 }),
      chat: async function* () {},
    })
    .start({
      listen: LISTEN,
      signals: ['SIGTERM'],
      drain: { lameDuckMs: Number(process.env.LAME_DUCK_MS ?? 1000) },
    });
  void running.stopped.then(() => process.connected && process.disconnect());
  return running.address;
}

function servePlain() {
  const server = new Server();
  const unimplemented = (_call, reply) => reply({ code: status.UNIMPLEMENTED });
  server.addService(HelloService, {
    anything: ({ request }, reply) =>
      greet(request.name, async () => {}).then((answer) => reply(null, answer), reply),
    list: unimplemented,
    collect: unimplemented,
    chat: unimplemented,
  });
  process.on('SIGTERM', () => server.tryShutdown(() => process.connected && process.disconnect()));
  return new Promise((resolve, reject) =>
    server.bindAsync(LISTEN, ServerCredentials.createInsecure(), (error, port) =>
      error === null ? resolve(`127.0.0.1:${port}`) : reject(error),
    ),
  );
}

// Keeps the process up, and ends it with the test.
process.on('message', (message) => {
  if (message.slowerMs !== undefined) slowerMs = message.slowerMs;
});
process.on('disconnect', () => setImmediate(() => process.exit()));
report({ address: KIND === 'plain' ? await servePlain() : await serveMicromesh() });
