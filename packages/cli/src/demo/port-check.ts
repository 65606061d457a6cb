import { createServer } from 'node:net';

/**
 * Looks whether a port of this machine is free.
 *
 * @throws Error when it is taken, with what to do.
 */
export function requireFreePort(host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => {
      const taken = error.code === 'EADDRINUSE';
      const problem = taken ? 'is taken' : `cannot be used (${error.message})`;
      const mend = `npm start -- --port ${port + 1}, or npx micromesh demo --port ${port + 1}`;
      reject(new Error(`port ${port} ${problem}; give another: ${mend}`));
    });
    server.listen({ host, port, exclusive: true }, () => server.close(() => resolve()));
  });
}
