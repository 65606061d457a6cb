// One node of hello.v1.Hello that registers itself at a real Consul, in a process of its own. It says over IPC that it
// serves, and each name that it has greeted.
import { consul } from '@micromesh/registry';
import { HelloService, helloHandlers } from '@micromesh/service-hello';
import { createMesh } from 'micromesh';

const { ADDRESS = '', ID = '', HEARTBEAT_MS = '500' } = process.env;
const silent = { debug() {}, info() {}, warn() {}, error() {} };
const report = (message) => process.connected && process.send(message);

// A test outlives no beat of ten seconds.
const registry = consul({ address: ADDRESS.split(','), heartbeatMs: Number(HEARTBEAT_MS), env: {} });
const mesh = createMesh({ registry, logger: silent });
process.on('disconnect', () => process.exit());
const anything = ({ name }) => {
  report({ greeted: name });
  return { msg: ID };
};
await mesh
  .server('hello', { id: ID })
  .add(HelloService, { ...helloHandlers(), anything })
  .start();
report({ serves: true });
