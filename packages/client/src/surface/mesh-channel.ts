import { type ChannelInterface, connectivityState, type Deadline } from '@grpc/grpc-js';
import {
  type DefinedMethod,
  type Method,
  readServiceDefinition,
  type ServiceDefinition,
  splitMethodPath,
} from '@micromesh/core';
import { ambientOptions } from '../call/ambient-options.js';
import type { CallOptions } from '../call/call-options.js';
import type { Caller } from './caller.js';
import { type GrpcCall, MeshCall } from './mesh-call.js';
import { type ParentCall, signalOfParent } from './parent-signal.js';

/** grpc's `propagate` flags: what a call takes over from `{ parent }`. */
const PROPAGATE = { deadline: 1, cancellation: 8, defaults: 0xffff };

/** What a channel knows of the methods of its service. */
export interface MeshChannelParts {
  readonly caller: Caller;
  readonly definitions: readonly ServiceDefinition[];
  readonly secure: boolean;
}

/**
 * A grpc-js channel that goes to the nodes of a service: any stub takes it as `channelOverride`. A handle of its own:
 * closing it ends nothing but further calls through it.
 */
export class MeshChannel implements ChannelInterface {
  readonly #parts: MeshChannelParts;
  readonly #methods: ReadonlyMap<string, Method>;
  #closed = false;
  #calls = 0;

  /** @throws ConfigError when a definition is none. */
  constructor(parts: MeshChannelParts) {
    this.#parts = parts;
    const defined: DefinedMethod[] = parts.definitions.flatMap((definition) => [
      ...readServiceDefinition(definition),
    ]);
    this.#methods = new Map(defined.map(({ method }) => [method.path, method]));
  }

  close(): void {
    this.#closed = true;
  }

  getTarget(): string {
    return `mesh:${this.#parts.caller.parts.to.name}`;
  }

  getConnectivityState(_tryToConnect: boolean): connectivityState {
    if (this.#closed) return connectivityState.SHUTDOWN;
    let best = connectivityState.CONNECTING;
    for (const handle of this.#parts.caller.parts.to.nodes.handles) {
      if (handle.isConnected) return connectivityState.READY;
      if (handle.standing === 'disconnected') best = connectivityState.TRANSIENT_FAILURE;
    }
    return best;
  }

  watchConnectivityState(
    from: connectivityState,
    deadline: Date | number,
    callback: (error?: Error) => void,
  ): void {
    const { nodes } = this.#parts.caller.parts.to;
    const { clock } = this.#parts.caller;
    const look = () => {
      if (this.getConnectivityState(false) === from) {
        off = nodes.onceChanged(look);
        return;
      }
      timer.cancel();
      callback();
    };
    const timer = clock.setTimer(Number(deadline) - clock.wallNow(), () => {
      off?.();
      callback(new Error('Deadline passed without connectivity state change'));
    });
    let off: (() => void) | undefined;
    // As with grpc-js, the callback never comes before this returns.
    queueMicrotask(look);
  }

  getChannelzRef(): ReturnType<ChannelInterface['getChannelzRef']> {
    // channelz is off in a mesh; the enum of `kind` is not exported, its values are strings.
    const ref: unknown = { kind: 'channel', id: 0, name: this.getTarget() };
    return ref as ReturnType<ChannelInterface['getChannelzRef']>;
  }

  createCall(
    path: string,
    deadline: Deadline,
    host: string | null | undefined,
    parent: ParentCall | null,
    propagate: number | null | undefined,
  ): GrpcCall {
    // The words of grpc-js, which stubs' users may look for.
    if (this.#closed) throw new Error('Channel has been shut down');
    const flags = propagate ?? PROPAGATE.defaults;
    const { clock } = this.#parts.caller;
    let timeoutMs = Number(deadline) - clock.wallNow();
    if (parent !== null && (flags & PROPAGATE.deadline) !== 0) {
      timeoutMs = Math.min(timeoutMs, Number(parent.getDeadline()) - clock.wallNow());
    }
    const ambient = ambientOptions();
    const options: CallOptions =
      timeoutMs === Number.POSITIVE_INFINITY
        ? ambient
        : { ...ambient, timeoutMs: Math.min(timeoutMs, ambient.timeoutMs ?? timeoutMs) };
    return new MeshCall({
      caller: this.#parts.caller,
      method: this.#method(path),
      options,
      host: host ?? undefined,
      secure: this.#parts.secure,
      callNumber: ++this.#calls,
      parentSignal:
        parent !== null && (flags & PROPAGATE.cancellation) !== 0 ? signalOfParent(parent) : undefined,
    });
  }

  #method(path: string): Method {
    const known = this.#methods.get(path);
    if (known !== undefined) return known;
    return { path, ...splitMethodPath(path), kind: 'unknown', idempotency: 'unknown' };
  }
}
