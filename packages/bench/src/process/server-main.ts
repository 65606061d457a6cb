import { Server, ServerCredentials, type ServerUnaryCall, type sendUnaryData } from '@grpc/grpc-js';
import { exitWithParent } from '@micromesh/server';
import { HelloService } from '@micromesh/service-hello';
import type { Report } from './messages.js';
import { tell } from './tell.js';

/** A node is a plain grpc-js server with as little as possible in it; what is not called is not there. */
const HANDLERS = {
  anything(call: ServerUnaryCall<{ name: string }, unknown>, reply: sendUnaryData<{ msg: string }>): void {
    reply(null, { msg: `Hello ${call.request.name}` });
  },
};

function startNode(): Promise<string> {
  const server = new Server({ 'grpc.enable_channelz': 0 });
  server.addService(HelloService, HANDLERS);
  return new Promise((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, port) => {
      if (error === null) resolve(`127.0.0.1:${port}`);
      else reject(error);
    });
  });
}

async function main([nodes = '1']: readonly string[]): Promise<void> {
  exitWithParent();
  const addresses = await Promise.all(Array.from({ length: Number(nodes) }, startNode));
  tell<Report>({ type: 'serving', addresses });
}

main(process.argv.slice(2)).catch((error: unknown) => tell<Report>({ type: 'failed', error: String(error) }));
