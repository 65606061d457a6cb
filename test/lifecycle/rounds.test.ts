import { freePort } from '@micromesh/cli/stage';
import { HelloService, helloHandlers } from '@micromesh/service-hello';
import { createMesh, type Mesh, memory } from 'micromesh';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { run } from './program.js';

vi.setConfig({ testTimeout: 180_000 });

let mesh: Mesh;
let address: string;

beforeAll(async () => {
  mesh = createMesh({ registry: memory(), logger: { debug() {}, info() {}, warn() {}, error() {} } });
  const running = await mesh
    .server('hello')
    .add(HelloService, helloHandlers())
    .start({ drain: { lameDuckMs: 0 } });
  address = running.address;
});
afterAll(() => mesh.close());

/** What a process holds that outlives a closed mesh, and its heap; after a round more of each kind is a leak. */
const HOLDINGS = `
  import { channel } from 'node:diagnostics_channel';
  import { setTimeout as sleep } from 'node:timers/promises';
  const warnings = [];
  process.on('warning', (warning) => warnings.push(String(warning)));
  const topics = ['call', 'attempt', 'node', 'question', 'snapshot', 'registry', 'registration', 'retry-stop', 'server', 'abandoned'];
  function holdings() {
    const resources = process.getActiveResourcesInfo().filter((kind) => kind !== 'PipeWrap').sort();
    const listeners = process.eventNames().map((name) => [String(name), process.listenerCount(name)]).sort();
    const heard = topics.filter((topic) => channel('micromesh:' + topic).hasSubscribers);
    return { resources, listeners, heard, warnings: [...warnings] };
  }
  async function heapMib() {
    for (let turn = 0; turn < 3; turn++) {
      globalThis.gc();
      await sleep(20);
    }
    return process.memoryUsage().heapUsed / 1024 / 1024;
  }
  async function repeat(rounds, round) {
    for (let warm = 0; warm < rounds / 10; warm++) await round(warm);
    await sleep(500);
    const before = holdings();
    const heapBefore = await heapMib();
    for (let number = 0; number < rounds; number++) await round(number);
    // Sockets take a turn or more of the event loop to close, and so does what holds on to memory: what is left then stays.
    let after = holdings();
    let grownKib = Infinity;
    for (let look = 0; look < 20; look++) {
      await sleep(50);
      after = holdings();
      grownKib = Math.min(grownKib, Math.round(((await heapMib()) - heapBefore) * 1024));
      if (look >= 2 && JSON.stringify(after) === JSON.stringify(before)) break;
    }
    console.log(JSON.stringify({ before, after, grownKib }));
    done();
  }
`;

interface Report {
  readonly before: object;
  readonly after: object;
  readonly grownKib: number;
}

async function leftBehind(script: string): Promise<Report> {
  const { output, status, errors } = await run(HOLDINGS + script, ['--expose-gc']);
  expect({ status, errors }).toEqual({ status: 0, errors: '' });
  const report: Report = JSON.parse(output);
  expect(report.after).toEqual(report.before);
  return report;
}

it('1,000 rounds of a mesh, a call and a close leave no handle, no listener and no heap behind', async () => {
  const nowhere = `127.0.0.1:${await freePort()}`;
  const { grownKib } = await leftBehind(`
    const registries = [
      () => 'memory:',
      () => 'static:hello=${address}',
      () => 'static:hello=${nowhere}',
      () => 'consul://${nowhere}',
      () => consul({ address: '${nowhere}' }),
    ];
    await repeat(1000, async (round) => {
      const mesh = createMesh({ registry: registries[round % registries.length](), logger });
      const hello = mesh.client(HelloService, { service: 'hello' });
      const channel = mesh.channel('hello', { definitions: [HelloService] });
      const calls = [hello.anything({ name: 'x' }), hello.list({ count: 1 }).next()].map((call) => call.catch(() => {}));
      if (round % registries.length === 1) await Promise.all(calls);
      channel.close();
      await mesh.close();
      await Promise.all(calls);
    });
  `);
  process.stderr.write(`1,000 meshes: heap grew by ${grownKib} KiB\n`);
  // grpc-js keeps an empty entry for each target that it ever had a connection to: one a round here.
  expect(grownKib).toBeLessThan(2048);
});

it('100 rounds of a server and a stop leave nothing behind, either', async () => {
  const { grownKib } = await leftBehind(`
    await repeat(100, async () => {
      const mesh = createMesh({ registry: 'memory:', logger });
      const builders = ['a', 'b'].map((name) => mesh.server(name).add(HelloService, helloHandlers()));
      const running = await Promise.all(
        builders.map((builder) => builder.start({ drain: { lameDuckMs: 0 }, signals: ['SIGTERM', 'SIGINT'] })),
      );
      await mesh.client(HelloService, { service: 'a' }).anything({ name: 'x' });
      await running[0].stop();
      await mesh.close();
    });
  `);
  process.stderr.write(`100 servers: heap grew by ${grownKib} KiB\n`);
  expect(grownKib).toBeLessThan(4096);
});
