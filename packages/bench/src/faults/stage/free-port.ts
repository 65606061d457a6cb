import { createServer } from 'node:net';

// Below the ranges that systems take ports of outgoing connections from (Linux from 32768, others from 49152): there a client
// that retries a dead port of its own machine can be given that very port, and so talk to itself.
const FIRST = 12_000;
const COUNT = 20_000;
const TRIES = 200;

/** A port of the loopback that nobody listens on. @throws Error when there is none. */
export async function freePort(): Promise<number> {
  for (let tries = 0; tries < TRIES; tries++) {
    const port = FIRST + Math.floor(Math.random() * COUNT);
    if (await isFree(port)) return port;
  }
  throw new Error('no free port on 127.0.0.1');
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => server.close(() => resolve(true)));
  });
}
