import { type Client, Metadata, type StatusObject } from '@grpc/grpc-js';
import { expect } from 'vitest';
import { EchoService, plainClient } from './echo.js';
import { RecordingLogger, type Setup, startEcho } from './harness.js';

/** Servers of one test, with one log; looks out for rejections that nobody handles. */
export class WatchedServers {
  logger = new RecordingLogger();
  readonly #open: { close(): unknown }[] = [];
  readonly #rejections: unknown[] = [];
  readonly #onRejection = (reason: unknown) => this.#rejections.push(reason);

  /** Before each test. */
  begin(): void {
    this.logger = new RecordingLogger();
    process.on('unhandledRejection', this.#onRejection);
  }

  /** After each test: closes all, and expects that no rejection was left. */
  async end(): Promise<void> {
    for (const each of this.#open.splice(0)) await each.close();
    await new Promise((resolve) => setImmediate(resolve));
    process.off('unhandledRejection', this.#onRejection);
    expect(this.#rejections.splice(0)).toEqual([]);
  }

  /** Starts a server; gives a client of it. */
  async start(setup: Setup): Promise<Client> {
    const running = await startEcho({ logger: this.logger, ...setup });
    const client = plainClient(running.address);
    this.#open.push(client, { close: () => running.stop() });
    return client;
  }
}

/** The status that a stream ends with. */
export function streamStatus(client: Client, kind: 'list' | 'chat'): Promise<StatusObject> {
  const { path, requestSerialize, responseDeserialize } = EchoService[kind];
  const call =
    kind === 'list'
      ? client.makeServerStreamRequest(path, requestSerialize, responseDeserialize, {})
      : client.makeBidiStreamRequest(path, requestSerialize, responseDeserialize, new Metadata());
  call.on('error', () => {});
  call.resume();
  return new Promise((resolve) => call.on('status', resolve));
}
