import { Metadata } from '@grpc/grpc-js';
import { type MethodKind, type Outcome, type ServiceNode, seededRandom } from '@micromesh/core';
import { FakeClock } from '@micromesh/core/testing';
import type { CallOptions } from '../call/call-options.js';
import type { ClientCall } from '../call/client-call.js';
import { ClientRoom, type ClientRoomParts, type ClientSettings } from '../client-room.js';
import type { Caller } from '../surface/caller.js';
import { InMemoryTransport } from './in-memory-transport.js';
import { ScriptedRegistry } from './scripted-registry.js';

const SERVICE = { name: 'hello' };

/** A call that a test has made. */
export interface TestCall {
  readonly call: ClientCall;
  readonly outcome: Promise<Outcome>;
  readonly messages: Buffer[];
}

/** A client room on a fake clock with scripted nodes: what the chain's tests stand on. */
export class TestWorld {
  readonly clock = new FakeClock();
  readonly transport = new InMemoryTransport(this.clock);
  readonly registry = new ScriptedRegistry();
  readonly room: ClientRoom;

  constructor(seed = 1, parts: Partial<ClientRoomParts> = {}) {
    this.room = new ClientRoom({
      registry: this.registry,
      transport: () => this.transport,
      clock: this.clock,
      random: seededRandom(seed),
      callerLabels: {},
      ...parts,
    });
  }

  /** Registers nodes `a`, `b`, ... and lets a client connect to them. */
  async nodes(...ids: readonly string[]): Promise<void> {
    this.registry.show(
      SERVICE,
      ids.map((id) => testNode(id)),
    );
    await this.clock.settle();
  }

  /** A caller of the service, as a typed client or a channel has it. */
  caller(settings: ClientSettings = {}): Caller {
    return this.room.callerFor(SERVICE, settings);
  }

  /** Starts a call with one message, of a kind. */
  call(caller: Caller, options: CallOptions = {}, kind: MethodKind = 'unary'): TestCall {
    const messages: Buffer[] = [];
    const method = { path: '/hello.v1.Hello/Anything', service: 'hello.v1.Hello', name: 'Anything' };
    const call = caller.newCall(
      { ...method, kind, idempotency: 'unknown' },
      options.metadata ?? new Metadata(),
      options,
      {
        onHeaders() {},
        onMessage(message) {
          messages.push(message);
          call.requestRead();
        },
      },
    );
    call.requests.push({ bytes: Buffer.from('hi'), flags: 0, written: undefined });
    call.requests.end();
    const outcome = caller.start(call);
    call.requestRead();
    return { call, outcome, messages };
  }

  /** The nodes that attempts went to, in order. */
  get path(): readonly string[] {
    return this.transport.attempts.map((attempt) => attempt.nodeId);
  }
}

/** A node for tests; its address is made from its id. */
export function testNode(id: string, own: Partial<ServiceNode> = {}): ServiceNode {
  const address = { kind: 'unix', path: `/${id}` } as const;
  return { id, address, version: '1', labels: {}, weight: 1, micromesh: true, ...own };
}
