import type { EventEmitter } from 'node:events';
import { Metadata, type ServiceError, type StatusObject } from '@grpc/grpc-js';
import type { ProbeReply } from './gen/probe.js';

/** What a stub's user can see of a call, as plain data: the same for plain grpc-js and micromesh. */
export type Observation = Record<string, unknown>;

/** A reply without its payload's bytes. */
export function shown(reply: ProbeReply | undefined): unknown {
  return reply && { text: reply.text, count: reply.count, bytes: reply.payload.length };
}

/** Metadata as data; the date differs from call to call. */
export function flat(metadata: Metadata): Record<string, string[]> {
  const map: Record<string, string[]> = {};
  for (const [key, values] of Object.entries(metadata.toJSON())) {
    if (key === 'date') continue;
    map[key] = values.map((value) => (typeof value === 'string' ? value : `0x${value.toString('hex')}`));
  }
  return map;
}

/** An error's fields, as a stub's user reads them. */
export function failed(error: ServiceError | null): unknown {
  if (error === null) return null;
  const { code, details, metadata, message } = error;
  return { code, details, metadata: flat(metadata), message, isError: error instanceof Error };
}

/** Notes the events of a call, in their order. */
export class Recorder {
  readonly events: unknown[] = [];

  constructor(call: EventEmitter) {
    call.on('metadata', (metadata: Metadata) => this.events.push({ metadata: flat(metadata) }));
    call.on('data', (reply: ProbeReply) => this.events.push({ data: shown(reply) }));
    call.on('end', () => this.events.push('end'));
    call.on('error', (error: ServiceError) => this.events.push({ error: failed(error) }));
    call.on('status', ({ code, details, metadata }: StatusObject) =>
      this.events.push({ status: { code, details, metadata: flat(metadata) } }),
    );
    call.on('close', () => this.events.push('close'));
    call.on('finish', () => this.events.push('finish'));
  }
}

/** Resolves with the next event of a name. */
export function next<T>(call: EventEmitter, event: string): Promise<T> {
  return new Promise((resolve) => call.once(event, resolve));
}

/** Metadata from pairs. */
export function metadata(pairs: Readonly<Record<string, string | Buffer>>): Metadata {
  const made = new Metadata();
  for (const [key, value] of Object.entries(pairs)) made.set(key, value);
  return made;
}

// A process that starts beside others on a slow machine has needed more than five seconds.
const WAIT_MS = 30_000;

/** Waits until a condition holds; fails after 30 seconds. */
export async function until(condition: () => boolean, what: string): Promise<void> {
  const end = Date.now() + WAIT_MS;
  while (!condition()) {
    if (Date.now() > end) throw new Error(`waited for ${what} for ${WAIT_MS} ms`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}
