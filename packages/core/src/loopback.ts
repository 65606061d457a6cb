import { BlockList, isIP } from 'node:net';

/** Whether a host is this machine's loopback: `localhost`, `127.x.y.z`, `::1`, in whatever case and however written. */
export function isLoopbackHost(host: string): boolean {
  const version = isIP(host);
  if (version === 0) return host.toLowerCase() === 'localhost';
  return loopback().check(host, version === 4 ? 'ipv4' : 'ipv6');
}

/**
 * Whether a `Host` header (`localhost:8080`, `[::1]`) names the loopback. A web page whose name was made to point here (DNS rebinding)
 * sends its own name.
 */
export function namesLoopback(header: string | undefined): boolean {
  const match = /^(?:\[([^\]]*)\]|([^:]*))(?::\d+)?$/.exec(header ?? '');
  return isLoopbackHost(match?.[1] ?? match?.[2] ?? '');
}

let made: BlockList | undefined;

// Not at import: programs that never ask need none.
function loopback(): BlockList {
  if (made === undefined) {
    made = new BlockList();
    made.addSubnet('127.0.0.0', 8, 'ipv4');
    made.addAddress('::1', 'ipv6');
  }
  return made;
}
