/** Ends this process at once when the one that started it with an IPC channel (Node's `fork`) is gone, killed too. */
export function exitWithParent(): void {
  process.once('disconnect', () => process.exit());
}

/**
 * Says that a server takes calls: `{ type: 'ready', id, address, pid }` as an IPC message where there is a channel, else as a line of JSON
 * on standard output. The channel keeps the process running no longer: it ends when the server has stopped.
 */
export function tellReady({ id, address }: { readonly id: string; readonly address: string }): void {
  const ready = { type: 'ready', id, address, pid: process.pid };
  if (process.send === undefined) process.stdout.write(`${JSON.stringify(ready)}\n`);
  else process.send(ready);
  process.channel?.unref();
}
