import { type Client, Metadata, type ServiceError, type StatusObject } from '@grpc/grpc-js';
import type { RunningServer } from '@micromesh/server';
import { type EchoReply, type EchoRequest, EchoService, plainClient } from './echo.js';
import { type Setup, startEcho } from './harness.js';

const open: { close(): unknown }[] = [];

/** What {@link closeAll} closes. */
export function closeAfterTest(...all: readonly { close(): unknown }[]): void {
  open.push(...all);
}

/** Starts a server and a client of it; {@link closeAll} ends both. */
export async function start(setup: Setup = {}): Promise<{ running: RunningServer; client: Client }> {
  const running = await startEcho(setup);
  const client = plainClient(running.address);
  open.push(client, { close: () => running.stop() });
  return { running, client };
}

/** For `afterEach` of each test file: one that is registered here would be that of the first alone, as modules are shared. */
export async function closeAll(): Promise<void> {
  for (const each of open.splice(0)) await each.close();
}

/** Calls List, as a plain client does. */
export function list(client: Client, request: Partial<EchoRequest>, metadata = new Metadata()) {
  return client.makeServerStreamRequest(
    EchoService.list.path,
    EchoService.list.requestSerialize,
    EchoService.list.responseDeserialize,
    request,
    metadata,
  );
}

/** Calls Chat, as a plain client does. */
export function chat(client: Client) {
  return client.makeBidiStreamRequest(
    EchoService.chat.path,
    EchoService.chat.requestSerialize,
    EchoService.chat.responseDeserialize,
    new Metadata(),
  );
}

/** Calls Gather, as a plain client does. */
export function gather(client: Client, done: (error: ServiceError | null, reply?: EchoReply) => void) {
  return client.makeClientStreamRequest(
    EchoService.gather.path,
    EchoService.gather.requestSerialize,
    EchoService.gather.responseDeserialize,
    new Metadata(),
    done,
  );
}

/** The status of a call. */
export function ended(call: NodeJS.EventEmitter): Promise<StatusObject> {
  call.on('error', () => {});
  return new Promise((resolve) => call.on('status', resolve));
}
