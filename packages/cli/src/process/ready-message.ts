/** What a service says over IPC when it is registered and takes calls. */
export interface Ready {
  /** The id of its node. */
  readonly id: string;
  /** Where it listens: `127.0.0.1:40123`. */
  readonly address: string;
}

/** Reads `{ type: 'ready', id, address }`; undefined for any other message. */
export function readReady(message: unknown): Ready | undefined {
  if (typeof message !== 'object' || message === null) return undefined;
  if (!('type' in message) || message.type !== 'ready') return undefined;
  const id = 'id' in message && typeof message.id === 'string' ? message.id : '';
  const address = 'address' in message && typeof message.address === 'string' ? message.address : '';
  return { id, address };
}
