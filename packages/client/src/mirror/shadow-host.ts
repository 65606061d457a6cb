/** The authority of a copy, as Envoy writes it: `hello-shadow`, `hello-shadow:8080`, so that logs tell copies from calls. */
export function shadowHost(host: string): string {
  const port = /:\d+$/.exec(host)?.[0] ?? '';
  return `${host.slice(0, host.length - port.length)}-shadow${port}`;
}
