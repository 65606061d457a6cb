import { randomUUID } from 'node:crypto';
import { exitWithParent, tellReady } from '@micromesh/server';
import { createMesh } from 'micromesh';
import { openEffectLog } from './effect-log.js';
import { HelloService } from './gen/hello/v1/hello.js';
import { helloHandlers } from './handlers.js';
import { Misbehaviour, obeyParent } from './misbehaviour.js';

// Environment: MICROMESH_REGISTRY; LISTEN, VERSION, ZONE; WORK_MS and EFFECTS_FILE for the demo.
async function main({ LISTEN, VERSION, ZONE, WORK_MS, EFFECTS_FILE }: NodeJS.ProcessEnv): Promise<void> {
  exitWithParent();
  const id = `hello-${randomUUID().slice(0, 8)}`;
  const mesh = createMesh({ identity: { service: 'hello', labels: ZONE ? { zone: ZONE } : {} } });
  const misbehaviour = new Misbehaviour();
  obeyParent(misbehaviour);
  const handlers = helloHandlers({
    misbehaviour,
    workMs: Number(WORK_MS ?? 0),
    effects: EFFECTS_FILE ? openEffectLog(EFFECTS_FILE, id) : undefined,
  });
  const server = await mesh
    .server('hello', { id, version: VERSION ?? '1.0.0' })
    .add(HelloService, handlers)
    .start({ listen: LISTEN ?? '127.0.0.1:0', signals: ['SIGTERM', 'SIGINT'] });
  tellReady(server);
}

main(process.env).catch((error: unknown) => {
  process.stderr.write(`hello: ${error}\n`);
  process.exit(1);
});
