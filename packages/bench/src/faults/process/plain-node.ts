import {
  Server,
  ServerCredentials,
  type ServerUnaryCall,
  type ServerWritableStream,
  type sendUnaryData,
  status,
} from '@grpc/grpc-js';
import { type LedgerMessage, LedgerService } from '../service/ledger.js';
import type { NodeSetting } from './node-setting.js';
import { ModeFailure, type Work } from './work.js';

/** Serves as a plain grpc-js server, which does not ask whether its work is still wanted. */
export function startPlainNode(work: Work, { listen, channelOptions }: NodeSetting): Promise<string> {
  const server = new Server({ 'grpc.enable_channelz': 0, ...channelOptions });
  const answer = (
    call: ServerUnaryCall<LedgerMessage, LedgerMessage>,
    reply: sendUnaryData<LedgerMessage>,
  ): void => {
    work
      .answer(call.request, async () => {})
      .then(
        (answer) => reply(null, answer),
        (error: unknown) => reply({ code: codeOf(error), details: String(error) }),
      );
  };
  const stream = (call: ServerWritableStream<LedgerMessage, LedgerMessage>): void => {
    send(work, call).catch((error: unknown) => {
      call.emit('error', { code: codeOf(error), details: String(error) });
    });
  };
  server.addService(LedgerService, { read: answer, write: answer, readStream: stream, writeStream: stream });
  process.once('SIGTERM', () => server.tryShutdown(() => process.exit()));
  return new Promise((resolve, reject) => {
    server.bindAsync(listen, ServerCredentials.createInsecure(), (error) => {
      if (error === null) resolve(listen);
      else reject(error);
    });
  });
}

async function send(work: Work, call: ServerWritableStream<LedgerMessage, LedgerMessage>): Promise<void> {
  for await (const message of work.stream(call.request)) {
    if (call.cancelled) return;
    call.write(message);
  }
  call.end();
}

function codeOf(error: unknown): number {
  return error instanceof ModeFailure ? error.code : status.UNKNOWN;
}
