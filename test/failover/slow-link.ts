import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';

/** What a held link lets through at a time, in ms: TCP catches up after a pause by steps as long. */
const STEP_MS = 15;

/** A link to a node that can be held up: what is sent meanwhile comes later, piece by piece, as TCP brings it after a cut. */
export class SlowLink {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #held: (() => void)[] = [];
  #isHeld = false;
  #to = 0;

  private constructor(server: Server) {
    this.#server = server;
    server.on('connection', (near) => this.#join(near));
  }

  static async open(): Promise<SlowLink> {
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new SlowLink(server);
  }

  get port(): number {
    const address = this.#server.address();
    if (typeof address !== 'object' || address === null) throw new Error('the link is closed');
    return address.port;
  }

  /** Where it leads. */
  leadTo(port: number): void {
    this.#to = port;
  }

  hold(): void {
    this.#isHeld = true;
  }

  /** Brings what was held up, in order; resolves when all of it has gone. */
  async release(): Promise<void> {
    while (this.#held.length > 0) {
      this.#held.shift()?.();
      await new Promise((resolve) => setTimeout(resolve, STEP_MS));
    }
    this.#isHeld = false;
  }

  close(): void {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
  }

  #join(near: Socket): void {
    const far = connect(this.#to, '127.0.0.1');
    this.#pass(near, far);
    this.#pass(far, near);
  }

  #pass(from: Socket, to: Socket): void {
    this.#sockets.add(from);
    from.setNoDelay(true);
    from.on('error', () => to.destroy());
    from.on('close', () => to.destroy());
    from.on('data', (piece: Buffer) => {
      if (this.#isHeld) this.#held.push(() => to.write(piece));
      else to.write(piece);
    });
  }
}
