// A process that calls hello without end, and serves something itself, so that it can be asked what it sees. It reports over IPC
// which node answered each call.
//
// MICROMESH_REGISTRY; NAME: its node id.
import { setTimeout as sleep } from 'node:timers/promises';
import { HelloService, helloHandlers } from '@micromesh/service-hello';
import { createMesh } from 'micromesh';

process.on('disconnect', () => process.exit());
const silent = { debug() {}, info() {}, warn() {}, error() {} };
const mesh = createMesh({ logger: silent });
const hello = mesh.client(HelloService, { service: 'hello', strategy: 'round-robin' });
await mesh
  .server('caller', { id: process.env.NAME })
  .add(HelloService, helloHandlers())
  .start({ drain: { lameDuckMs: 0 } });

while (process.connected) {
  const answer = await hello.anything({ name: 'x' }).catch((error) => ({ msg: '', error: error.message }));
  if (process.connected)
    process.send(answer.error === undefined ? { node: answer.msg } : { failed: answer.error });
  await sleep(10);
}
