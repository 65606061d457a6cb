import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';

/** Accepts connections and never says a word, as a process that hangs, or a middlebox that lost its other half. */
export class SilentListener {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  private constructor() {
    this.#server = createServer((socket) => {
      this.#sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => this.#sockets.delete(socket));
      socket.resume();
    });
  }

  /** @throws Error when the address cannot be listened on. */
  static async at(host: string, port: number): Promise<SilentListener> {
    const listener = new SilentListener();
    listener.#server.listen({ host, port });
    await once(listener.#server, 'listening');
    return listener;
  }

  close(): void {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
  }
}
