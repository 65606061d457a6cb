import { isIP } from 'node:net';
import { isLoopbackHost } from '@micromesh/core';

/** Whether a peer, as grpc-js names it (`127.0.0.1:5001`, `[::1]:5001`), is on this machine; a name instead of an address proves nothing. */
export function isLoopbackPeer(peer: string): boolean {
  const host = peer.replace(/:\d+$/, '').replace(/^\[(.*)\]$/, '$1');
  return isIP(host) !== 0 && isLoopbackHost(host);
}
