import { messageOf } from '@micromesh/core';
import { freePorts } from '../free-ports.js';

/** The ports of one agent. */
export interface ConsulPorts {
  readonly http: number;
  readonly dns: number;
  readonly grpc: number;
  readonly grpcTls: number;
  readonly serfLan: number;
  readonly serfWan: number;
  readonly server: number;
}

const PORTS_PER_AGENT = 7;
/** With ports of our choice, another process may take one between look and use. */
const TRIES = 3;

/** Picks free ports for so many agents. */
export async function chooseConsulPorts(agents: number): Promise<readonly ConsulPorts[]> {
  const ports = await freePorts(agents * PORTS_PER_AGENT);
  return Array.from({ length: agents }, (_, agent) => {
    const own = ports.slice(agent * PORTS_PER_AGENT, (agent + 1) * PORTS_PER_AGENT);
    const [http = 0, dns = 0, grpc = 0, grpcTls = 0, serfLan = 0, serfWan = 0, server = 0] = own;
    return { http, dns, grpc, grpcTls, serfLan, serfWan, server };
  });
}

/** What `start` gives, which chooses ports; it is tried again where somebody else took one of them meanwhile. */
export async function withFreshPorts<T>(start: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await start();
    } catch (error) {
      if (tries === TRIES || !/address already in use/.test(messageOf(error))) throw error;
    }
  }
}
