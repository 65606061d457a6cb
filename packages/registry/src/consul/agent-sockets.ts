import { Agent } from 'node:http';
import { Agent as TlsAgent } from 'node:https';
import type { AgentAddress } from './agent-address.js';
import type { ConsulTls } from './consul-options.js';

/** What one pool of connections is for. */
export interface SocketUse {
  /** Most connections at a time; default: as many as there are requests. */
  readonly maxSockets?: number;
  /** Called when a connection that had been made is closed from the other side. */
  readonly onDisconnect?: () => void;
}

/** Connections to one agent that are kept open between requests. */
export function createSockets(address: AgentAddress, tls: ConsulTls, use: SocketUse): Agent {
  const options = { keepAlive: true, maxSockets: use.maxSockets ?? Number.POSITIVE_INFINITY };
  const secure = address.kind === 'tcp' && address.secure;
  const agent = secure ? new TlsAgent({ ...tls, ...options }) : new Agent(options);
  const connect = agent.createConnection.bind(agent);
  agent.createConnection = (request, callback) => {
    // The `consul` package hands IPv6 hosts on with the brackets that URLs have.
    const socket = connect(address.kind === 'tcp' ? { ...request, host: address.host } : request, callback);
    let connected = false;
    socket?.once(secure ? 'secureConnect' : 'connect', () => {
      connected = true;
    });
    socket?.once('close', () => {
      if (connected) use.onDisconnect?.();
    });
    return socket;
  };
  return agent;
}
