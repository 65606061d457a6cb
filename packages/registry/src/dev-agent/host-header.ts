/** Whether a host is this machine's loopback: `localhost`, `127.x.y.z`, `::1`. */
export function isLoopbackHost(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host);
}

/**
 * Whether a `Host` header names the loopback. A web page whose name was made to point here (DNS rebinding) sends its own name; it must
 * get nothing.
 */
export function namesLoopback(header: string | undefined): boolean {
  const match = /^(?:\[([^\]]*)\]|([^:]*))(?::\d+)?$/.exec(header ?? '');
  return isLoopbackHost((match?.[1] ?? match?.[2] ?? '').toLowerCase());
}
