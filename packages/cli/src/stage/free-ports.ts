import { createSocket } from 'node:dgram';
import { createServer } from 'node:net';

// Below the ranges that systems take ports of outgoing connections from (Linux from 32768, others from 49152): there a client that
// retries a dead port of its own machine can be given that very port, and so keep it from being taken again.
const FIRST = 12_000;
const LAST = 31_999;
const COUNT = LAST - FIRST + 1;
/** How many ports of one process come before the first of that with the next id. */
const OF_A_PROCESS = 64;

let taken = 0;

/**
 * In order, from a start that few processes share: between the look whether a port is free and its use, which may be seconds later, another
 * process that looked at random took it now and then.
 */
function nextPort(): number {
  return FIRST + ((process.pid * OF_A_PROCESS + taken++) % COUNT);
}

/**
 * Picks ports of a loopback address that are free for TCP and UDP, outside the range of outgoing connections.
 *
 * @throws Error when there are none.
 */
export async function freePorts(count: number, host = '127.0.0.1'): Promise<readonly number[]> {
  const ports = new Set<number>();
  for (let tries = 0; ports.size < count; tries++) {
    if (tries === COUNT) throw new Error(`no ${count} free ports on ${host}`);
    const port = nextPort();
    if (await isFree(port, host)) ports.add(port);
  }
  return [...ports];
}

/** One of {@link freePorts}. */
export async function freePort(host?: string): Promise<number> {
  const [port = 0] = await freePorts(1, host);
  return port;
}

async function isFree(port: number, host: string): Promise<boolean> {
  return (await canListen(port, host)) && (await canBindUdp(port, host));
}

function canListen(port: number, host: string): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ port, host, exclusive: true }, () => server.close(() => resolve(true)));
  });
}

function canBindUdp(port: number, host: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createSocket('udp4');
    socket.once('error', () => {
      socket.close();
      resolve(false);
    });
    socket.bind({ port, address: host, exclusive: true }, () => socket.close(() => resolve(true)));
  });
}
