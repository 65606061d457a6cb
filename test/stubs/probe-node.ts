import { connect, createServer, type Server as NetServer, type Socket } from 'node:net';
import {
  Metadata,
  Server,
  ServerCredentials,
  type ServerDuplexStream,
  type ServerOptions,
  type ServerReadableStream,
  type ServerUnaryCall,
  type ServerWritableStream,
  type ServiceError,
  type sendUnaryData,
} from '@grpc/grpc-js';
import { type ProbeReply, type ProbeRequest, ProbeService } from './gen/probe.js';

/** What the four kinds of server calls have in common. */
type AnyCall = Pick<
  ServerUnaryCall<unknown, unknown>,
  'metadata' | 'getPath' | 'getHost' | 'sendMetadata'
> & {
  on(event: 'cancelled' | 'finish', listener: () => void): unknown;
};

/** What is left of a number of deaths that several nodes share: whoever is called first dies. */
export interface Deaths {
  left: number;
}

/**
 * A plain grpc-js server that does what the metadata of a call says (`do`), behind a TCP front that can be cut: to its
 * clients the same as kill -9.
 */
export class ProbeNode {
  /** Calls that came, by their full path. */
  readonly calls: string[] = [];
  /** What calls had for `:authority`. */
  readonly hosts: string[] = [];
  /** Metadata of the calls that came. */
  readonly metadata: Metadata[] = [];
  /** Calls that ended because the client was gone. */
  cancelled = 0;
  /** Request messages that came, of all calls. */
  received = 0;
  /** Bytes that came from clients. */
  bytesIn = 0;
  /** Reply messages that were handed to grpc-js. */
  sent = 0;
  deaths: Deaths = { left: 0 };
  #address = '';
  #dyingWithHeaders = false;
  readonly #server: Server;
  readonly #front: NetServer;
  readonly #sockets = new Set<Socket>();

  private constructor(options: ServerOptions) {
    this.#server = new Server({ 'grpc.enable_channelz': 0, ...options });
    this.#server.addService(ProbeService, {
      unary: this.#unary,
      collect: this.#collect,
      list: this.#list,
      chat: this.#chat,
    });
    this.#front = createServer({ noDelay: true });
  }

  static async start(options: ServerOptions = {}, port = 0): Promise<ProbeNode> {
    const node = new ProbeNode(options);
    await node.#listen(port);
    return node;
  }

  get address(): string {
    return this.#address;
  }

  async #listen(frontPort: number): Promise<void> {
    const port = await new Promise<number>((resolve, reject) => {
      this.#server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
        error === null ? resolve(bound) : reject(error),
      );
    });
    this.#front.on('connection', (near) => {
      near.on('data', (bytes: Buffer) => {
        this.bytesIn += bytes.length;
      });
      const far = connect({ port, host: '127.0.0.1', noDelay: true });
      for (const [from, to] of [
        [near, far],
        [far, near],
      ] as const) {
        this.#sockets.add(from);
        from.pipe(to);
        if (from === far) {
          far.on('data', (bytes: Buffer) => {
            if (!this.#dyingWithHeaders || !hasHeadersFrame(bytes)) return;
            this.#front.close();
            near.destroySoon();
          });
        }
        from.on('error', () => {});
        from.on('close', () => {
          this.#sockets.delete(from);
          to.destroy();
        });
      }
    });
    await new Promise<void>((resolve) => this.#front.listen(frontPort, '127.0.0.1', resolve));
    const at = this.#front.address();
    if (at === null || typeof at === 'string') throw new Error('the front has no port');
    this.#address = `127.0.0.1:${at.port}`;
  }

  /** To its clients: kill -9. */
  kill(): void {
    this.#front.close();
    for (const socket of this.#sockets) socket.resetAndDestroy();
  }

  close(): void {
    this.kill();
    this.#server.forceShutdown();
  }

  /** Notes the call; gives whether the node dies of it. */
  #begin(call: AnyCall): boolean {
    this.calls.push(call.getPath());
    this.hosts.push(call.getHost());
    this.metadata.push(call.metadata);
    let over = false;
    call.on('cancelled', () => {
      if (!over) this.cancelled++;
    });
    call.on('finish', () => {
      over = true;
    });
    return !word(call, 'dies').startsWith('after') && this.#dies(call);
  }

  #dies(call: AnyCall): boolean {
    if (word(call, 'dies') === '' || this.deaths.left === 0) return false;
    this.deaths.left--;
    if (word(call, 'dies') === 'with-headers') {
      this.#dyingWithHeaders = true;
      call.sendMetadata(replyHeaders(call));
    } else this.kill();
    return true;
  }

  readonly #unary = (
    call: ServerUnaryCall<ProbeRequest, ProbeReply>,
    done: sendUnaryData<ProbeReply>,
  ): void => {
    this.received++;
    if (this.#begin(call)) return;
    if (word(call, 'headers') !== '') call.sendMetadata(replyHeaders(call));
    const { text, payload, size } = call.request;
    switch (word(call, 'do')) {
      case 'fail':
        done(failure(call));
        break;
      case 'hang':
        break;
      default:
        this.sent++;
        done(null, { text, count: 0, payload: size > 0 ? Buffer.alloc(size, 1) : payload }, trailers(call));
    }
  };

  readonly #collect = (
    call: ServerReadableStream<ProbeRequest, ProbeReply>,
    done: sendUnaryData<ProbeReply>,
  ): void => {
    if (this.#begin(call)) return;
    if (word(call, 'headers') !== '') call.sendMetadata(replyHeaders(call));
    const texts: string[] = [];
    const todo = word(call, 'do');
    let count = 0;
    let replied = false;
    const reply = (error: Partial<ServiceError> | null) => {
      if (replied) return;
      replied = true;
      const text = count > 100 ? '' : texts.join(',');
      if (error === null) done(null, { text, count, payload: Buffer.alloc(0) }, trailers(call));
      else done(error);
    };
    // Nobody reads: flow control holds the client back.
    if (todo === 'ignore') return;
    if (todo === 'early') reply(null);
    call.on('data', ({ text }: ProbeRequest) => {
      this.received++;
      count++;
      if (count <= 100) texts.push(text);
      if (word(call, 'dies') === `after-${count}`) this.#dies(call);
      if (todo === 'fail' && count === 2) reply(failure(call));
    });
    call.on('end', () => {
      if (todo !== 'hang') reply(todo === 'fail' ? failure(call) : null);
    });
  };

  readonly #list = (call: ServerWritableStream<ProbeRequest, ProbeReply>): void => {
    this.received++;
    if (this.#begin(call)) return;
    if (word(call, 'headers') !== '') call.sendMetadata(replyHeaders(call));
    const { count, size, text } = call.request;
    const payload = Buffer.alloc(size, 1);
    const todo = word(call, 'do');
    let index = 0;
    const more = (): void => {
      while (index < count) {
        this.sent++;
        if (!call.write({ text: `${text}${index}`, count: index++, payload })) {
          call.once('drain', more);
          return;
        }
      }
      if (todo === 'fail') call.emit('error', failure(call));
      else if (todo !== 'hang') call.end(trailers(call));
    };
    more();
  };

  readonly #chat = (call: ServerDuplexStream<ProbeRequest, ProbeReply>): void => {
    if (this.#begin(call)) return;
    if (word(call, 'headers') !== '') call.sendMetadata(replyHeaders(call));
    const todo = word(call, 'do');
    if (todo === 'early') {
      call.end(trailers(call));
      return;
    }
    let count = 0;
    call.on('data', ({ text, size }: ProbeRequest) => {
      this.received++;
      count++;
      if (word(call, 'dies') === `after-${count}` && this.#dies(call)) return;
      // It is to die before its first message.
      if (word(call, 'dies').startsWith('after') && this.deaths.left > 0) return;
      if (todo === 'fail' && count === 2) call.emit('error', failure(call));
      // What was replied before an error came is what is compared; what would come after it is a matter of luck.
      else if (todo !== 'fail' || count < 2) {
        this.sent++;
        call.write({ text, count, payload: Buffer.alloc(size, 1) });
      }
    });
    // A client that cancels half-closes first, in the same breath.
    call.on('end', () => setImmediate(() => call.cancelled || call.end(trailers(call))));
  };
}

/** Whether whole HTTP/2 frames have a HEADERS (RFC 9113, 4.1: length 24 bits, type 8 bits, a head of 9 bytes). */
function hasHeadersFrame(frames: Buffer): boolean {
  for (let at = 0; at + 9 <= frames.length; at += 9 + frames.readUIntBE(at, 3)) {
    if (frames[at + 3] === 1) return true;
  }
  return false;
}

function word(call: AnyCall, key: string): string {
  return String(call.metadata.get(key)[0] ?? '');
}

function replyHeaders(call: AnyCall): Metadata {
  const headers = new Metadata();
  headers.set('x-header', word(call, 'headers'));
  for (const value of call.metadata.get('x-in')) headers.add('x-echo', String(value));
  for (const value of call.metadata.get('x-in-bin')) headers.add('x-echo-bin', value);
  return headers;
}

function trailers(call: AnyCall): Metadata {
  const metadata = new Metadata();
  if (word(call, 'trailers') === '') return metadata;
  metadata.add('x-trailer', word(call, 'trailers'));
  metadata.add('x-trailer', 'second');
  metadata.set('x-trailer-bin', Buffer.from([0, 1, 255]));
  return metadata;
}

function failure(call: AnyCall): Partial<ServiceError> {
  const metadata = trailers(call);
  metadata.set('grpc-status-details-bin', Buffer.from('0807120464657461', 'hex'));
  return { code: Number(word(call, 'code') || 9), details: 'told to: äö €', metadata };
}
