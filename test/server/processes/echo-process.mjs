// A server of echo.v1.Echo in a process of its own, for tests that freeze it or send it signals. It reports over IPC.
// MODE: `ask` (default) asks stillWanted before its effect; `plain` is a bare grpc-js server. SPIN_MS: how long each call keeps the
// event loop busy. LIMITS: the server's, as JSON.
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { loadPackageDefinition, Server, ServerCredentials } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { systemClock, systemRandom } from '@micromesh/core';
import { createServer } from '@micromesh/server';

const {
  MODE = 'ask',
  WORK_MS = '50',
  SPIN_MS = '0',
  OPTIONS = '{}',
  LIMITS = '{}',
  SERVERS = '1',
} = process.env;
const loaded = loadSync(fileURLToPath(new URL('../echo.proto', import.meta.url)), { defaults: true });
const { service } = loadPackageDefinition(loaded).echo.v1.Echo;

const report = (message) => process.connected && process.send(message);
const log = (level) => (fields, message) =>
  report({ level, message, fields: JSON.parse(JSON.stringify(fields)) });
const logger = { debug() {}, info: log('info'), warn: log('warn'), error: log('error') };

async function work(text, stillWanted) {
  report({ started: text });
  for (const end = performance.now() + Number(SPIN_MS); performance.now() < end; );
  await sleep(Number(WORK_MS));
  await stillWanted();
  report({ effect: text, at: Date.now() });
  return { text };
}

const registry = {
  description: 'fake',
  register: async ({ id }) => ({
    id,
    deregister: async () => {
      report({ deregistered: id });
    },
  }),
};

async function startOne() {
  if (MODE === 'plain') {
    const server = new Server();
    server.addService(service, {
      Say: ({ request }, reply) =>
        void work(request.text, async () => {}).then((answer) => reply(null, answer)),
    });
    return new Promise((resolve, reject) =>
      server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, port) =>
        error === null ? resolve(`127.0.0.1:${port}`) : reject(error),
      ),
    );
  }
  const running = await createServer({
    service: 'echo',
    registry,
    logger,
    clock: systemClock,
    random: systemRandom,
    limits: JSON.parse(LIMITS),
    afterSignal: () => {
      report({ afterSignal: true });
      // Nothing else is to keep the process alive.
      if (process.connected) process.disconnect();
    },
  })
    .add(service, {
      Say: (request, { stillWanted }) => work(request.text, stillWanted),
      Gather: async (requests) => {
        const texts = [];
        try {
          for await (const { text } of requests) {
            texts.push(text);
            report({ started: text });
          }
          report({ effect: texts.join() });
        } catch (error) {
          report({ broken: texts.join() });
          throw error;
        }
        return { text: texts.join() };
      },
      List: async function* () {},
      Chat: async function* () {},
    })
    .start(JSON.parse(OPTIONS));
  return running.address;
}

for (let index = 0; index < Number(SERVERS); index++) report({ address: await startOne() });
process.on('disconnect', () => {
  // The test has died.
  if (MODE === 'plain') process.exit();
});
