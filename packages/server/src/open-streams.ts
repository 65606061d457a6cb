import { type Server, type ServerWritableStream, status } from '@grpc/grpc-js';

type WritableCall = ServerWritableStream<unknown, unknown>;

/** The streams of services that a library implements; a health watch would otherwise keep its connection open for ever. */
export class OpenStreams {
  readonly #open = new Set<WritableCall>();

  /** A stand-in for the server that those libraries add their service to. */
  trackedBy(server: Server): Pick<Server, 'addService'> {
    return {
      addService: (service, implementation) => {
        const tracked: Record<string, (call: WritableCall, callback?: unknown) => void> = {};
        for (const [name, handler] of Object.entries(implementation)) {
          tracked[name] = (call, callback) => {
            if ('write' in call) this.#add(call);
            Reflect.apply(handler, implementation, [call, callback]);
          };
        }
        server.addService(service, tracked);
      },
    };
  }

  #add(call: WritableCall): void {
    this.#open.add(call);
    call.on('cancelled', () => this.#open.delete(call));
  }

  /** Ends each of them with UNAVAILABLE: the client goes to another node. */
  end(): void {
    for (const call of this.#open) {
      call.emit('error', { code: status.UNAVAILABLE, details: 'the server is going away' });
    }
    this.#open.clear();
  }
}
