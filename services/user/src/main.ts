import { exitWithParent, tellReady } from '@micromesh/server';
import { consulKv, createMesh } from 'micromesh';
import { HelloService } from './gen/hello/v1/hello.js';
import { UserService } from './gen/user/v1/user.js';
import { userHandlers } from './handlers.js';

// Environment: MICROMESH_REGISTRY; LISTEN, VERSION, ZONE.
async function main({ MICROMESH_REGISTRY = '', LISTEN, VERSION, ZONE }: NodeJS.ProcessEnv): Promise<void> {
  exitWithParent();
  const mesh = createMesh({
    identity: { service: 'user', labels: ZONE ? { zone: ZONE } : {} },
    // Its calls follow what `micromesh apply` says; a registry of fixed addresses has no place for that.
    policies: MICROMESH_REGISTRY.startsWith('static:') ? [] : [consulKv()],
  });
  const hello = mesh.client(HelloService, { service: 'hello' });
  const server = await mesh
    .server('user', { version: VERSION ?? '1.0.0' })
    .add(UserService, userHandlers(hello))
    .start({ listen: LISTEN ?? '127.0.0.1:0', signals: ['SIGTERM', 'SIGINT'] });
  tellReady(server);
}

main(process.env).catch((error: unknown) => {
  process.stderr.write(`user: ${error}\n`);
  process.exit(1);
});
