import { credentials, Metadata, type ServiceError } from '@grpc/grpc-js';
import type { Mesh } from '@micromesh/mesh';
import { expect } from 'vitest';
import { ProbeClient, type ProbeReply, type ProbeRequest, ProbeService } from './gen/probe.js';

/** What is asked downstream. */
export const REQUEST: ProbeRequest = { text: 'a', count: 0, payload: Buffer.alloc(0), size: 0 };
/** What is answered to it. */
export const REPLY: ProbeReply = { text: 'a', count: 0, payload: Buffer.alloc(0) };

const open: { close(): unknown }[] = [];
const warnings: Error[] = [];
const warn = (warning: Error) => warnings.push(warning);

/** Has something closed by {@link endQuietly}. */
export function closeLater(...all: readonly { close(): unknown }[]): void {
  open.push(...all);
}

/** Before each test: notes what Node warns of. */
export function noteWarnings(): void {
  process.on('warning', warn);
}

/** After each test: closes all, the last first, and expects that Node warned of nothing. */
export async function endQuietly(): Promise<void> {
  for (const each of open.splice(0).reverse()) await each.close();
  process.off('warning', warn);
  expect(warnings.splice(0)).toEqual([]);
}

/** A stub of a mesh. */
export function stubOn(mesh: Mesh, service: string): ProbeClient {
  const channel = mesh.channel(service, { definitions: [ProbeService] });
  return new ProbeClient(service, credentials.createInsecure(), { channelOverride: channel });
}

/** A call of a stub; gives its error as well. */
export function unary(
  stub: ProbeClient,
  headers = new Metadata(),
  options = {},
): Promise<ServiceError | ProbeReply> {
  return new Promise((resolve) =>
    stub.unary(REQUEST, headers, options, (error, reply) => resolve(error ?? reply)),
  );
}
