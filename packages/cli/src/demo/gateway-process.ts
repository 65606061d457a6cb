import { messageOf } from '@micromesh/core';
import { createGateway } from '@micromesh/gateway';
import { createMesh, createPinoLogger } from '@micromesh/mesh';
import { loadUserDefinition } from './service-definitions.js';

// The gateway of the demo, as a process: started by the demo, and ended by it or with it.

async function main(listen: string): Promise<void> {
  const logger = createPinoLogger();
  const mesh = createMesh({ identity: { service: 'gateway' }, logger });
  const gateway = createGateway({
    mesh,
    definitions: { user: [await loadUserDefinition()] },
    logger,
    drainMs: 1_000,
  });
  const running = await gateway.start({ listen });
  let ending: Promise<void> | undefined;
  const end = () => {
    ending ??= running.close().then(() => mesh.close());
    ending.catch(fail).finally(() => process.disconnect?.());
  };
  process.once('SIGTERM', end);
  process.once('SIGINT', end);
  process.once('disconnect', end);
  process.send?.({ type: 'ready', id: 'gateway', address: running.address, pid: process.pid });
}

function fail(error: unknown): void {
  process.stderr.write(`${messageOf(error)}\n`);
  process.exit(1);
}

main(process.env.LISTEN ?? '127.0.0.1:8080').catch(fail);
