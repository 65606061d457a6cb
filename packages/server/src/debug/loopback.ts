import { BlockList, isIP } from 'node:net';

/** Whether a peer, as grpc-js names it (`127.0.0.1:5001`, `[::1]:5001`), is on this machine. */
export function isLoopbackPeer(peer: string): boolean {
  const host = peer.replace(/:\d+$/, '').replace(/^\[(.*)\]$/, '$1');
  const version = isIP(host);
  if (version === 0) return false;
  return loopback().check(host, version === 4 ? 'ipv4' : 'ipv6');
}

let made: BlockList | undefined;

function loopback(): BlockList {
  if (made === undefined) {
    made = new BlockList();
    made.addSubnet('127.0.0.0', 8, 'ipv4');
    made.addAddress('::1', 'ipv6');
  }
  return made;
}
