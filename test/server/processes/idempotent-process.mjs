// A server of echo.v1.Echo in a process of its own that runs calls with a key once, by the keys and values of REGISTRY. It reports over IPC.
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { loadPackageDefinition } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { silentLogger, systemClock, systemRandom } from '@micromesh/core';
import { consul } from '@micromesh/registry';
import { createServer, idempotency, keyValueIdempotencyStore } from '@micromesh/server';

const { REGISTRY, WORK_MS = '0', ON_LOST_OWNER = 'refuse' } = process.env;
const loaded = loadSync(fileURLToPath(new URL('../echo.proto', import.meta.url)), { defaults: true });
const { service } = loadPackageDefinition(loaded).echo.v1.Echo;

const report = (message) => process.connected && process.send(message);
const registry = consul({ address: REGISTRY, env: {} });
const store = keyValueIdempotencyStore(registry.keyValues, { leaseMs: 1_000 });

const running = await createServer({
  service: 'echo',
  registry,
  logger: silentLogger,
  clock: systemClock,
  random: systemRandom,
})
  .use(idempotency(store, { onLostOwner: ON_LOST_OWNER }))
  .add(service, {
    Say: async ({ text }) => {
      report({ began: text });
      await sleep(Number(WORK_MS));
      report({ effect: text });
      return { text: `${text} by ${process.pid}` };
    },
    Gather: async () => ({ text: '' }),
    List: async function* () {},
    Chat: async function* () {},
  })
  .start({ register: false });
report({ address: running.address });

process.on('disconnect', async () => {
  // The test has died.
  await running.stop();
  await store.close();
  await registry.close();
});
