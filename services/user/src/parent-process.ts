/** Ends this process when the one that started it with IPC is gone, killed too. */
export function exitWithParent(): void {
  process.once('disconnect', () => process.exit());
}

/** Says that the server takes calls: over IPC where there is it, else as a line on stdout. */
export function tellReady(server: { readonly id: string; readonly address: string }): void {
  const ready = { type: 'ready', id: server.id, address: server.address, pid: process.pid };
  if (process.send === undefined) process.stdout.write(`${JSON.stringify(ready)}\n`);
  else process.send(ready);
  // The server keeps the process running, the channel need not: it ends when the server has stopped.
  process.channel?.unref();
}
