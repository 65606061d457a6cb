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
import type { ParentCall } from './parent-signal.js';

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
  /** Each looks at the state again. */
  readonly #watchers = new Set<() => void>();
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
    for (const look of [...this.#watchers]) look();
  }

  getTarget(): string {
    return `mesh:${this.#parts.caller.parts.to.name}`;
  }

  getConnectivityState(_tryToConnect: boolean): connectivityState {
    if (this.#closed || this.#parts.caller.parts.refusal() !== undefined) return connectivityState.SHUTDOWN;
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
    if (this.getConnectivityState(false) === connectivityState.SHUTDOWN) throw shutDown();
    const { nodes } = this.#parts.caller.parts.to;
    const { clock } = this.#parts.caller;
    let off: (() => void) | undefined;
    const end = () => {
      timer.cancel();
      off?.();
      this.#watchers.delete(look);
    };
    const look = () => {
      off?.();
      if (this.getConnectivityState(false) === from) {
        off = nodes.onceChanged(look);
        return;
      }
      end();
      callback();
    };
    const timer = clock.setTimer(Number(deadline) - clock.wallNow(), () => {
      end();
      callback(new Error('Deadline passed without connectivity state change'));
    });
    this.#watchers.add(look);
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
    if (this.#closed) throw shutDown();
    const flags = propagate ?? PROPAGATE.defaults;
    const { clock } = this.#parts.caller;
    // Most calls leave the deadline to the mesh, and need not ask the time.
    let timeoutMs = deadline === Number.POSITIVE_INFINITY ? deadline : Number(deadline) - clock.wallNow();
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
      cancelledWith: parent !== null && (flags & PROPAGATE.cancellation) !== 0 ? parent : undefined,
    });
  }

  #method(path: string): Method {
    const known = this.#methods.get(path);
    if (known !== undefined) return known;
    return { path, ...splitMethodPath(path), kind: 'unknown', idempotency: 'unknown' };
  }
}

/** In the words of grpc-js, which stubs look for. */
function shutDown(): Error {
  return new Error('Channel has been shut down');
}
