import { Server, ServerCredentials } from '@grpc/grpc-js';

/** A gRPC server with nothing but `grpc.health.v1`, which says what `serving` says. */
export interface HealthServer {
  readonly port: number;
  serving: boolean;
  stop(): void;
}

/** Starts one on a free loopback port. */
export async function startHealthServer(): Promise<HealthServer> {
  const server = new Server();
  const state = { serving: true };
  const pass = (bytes: Buffer) => bytes;
  server.addService(
    {
      check: {
        path: '/grpc.health.v1.Health/Check',
        requestStream: false,
        responseStream: false,
        requestSerialize: pass,
        requestDeserialize: pass,
        responseSerialize: pass,
        responseDeserialize: pass,
      },
    },
    {
      // HealthCheckResponse: field 1, SERVING = 1, NOT_SERVING = 2.
      check: (_call: unknown, callback: (error: null, reply: Buffer) => void) =>
        callback(null, Buffer.from([8, state.serving ? 1 : 2])),
    },
  );
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    );
  });
  return {
    port,
    get serving() {
      return state.serving;
    },
    set serving(serving) {
      state.serving = serving;
    },
    stop: () => server.forceShutdown(),
  };
}
