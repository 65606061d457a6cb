import type { Metadata } from '@grpc/grpc-js';
import type { RouteRequest } from '@micromesh/policy/route';
import type { Call } from '../call/client-call.js';

/** A call, as the rules of a VirtualService look at it. */
export class CallRequest implements RouteRequest {
  readonly scheme = 'http';
  readonly verb = 'POST';
  readonly path: string;
  readonly authority: string;
  readonly #call: Call;
  /** Read once: `Metadata.get` checks the name and copies the values, and tables ask for header after header. */
  #headers: ReturnType<Metadata['toJSON']> | undefined;

  constructor(call: Call) {
    this.#call = call;
    this.path = call.method.path;
    this.authority = call.service.name;
  }

  hasAnyHeader(names: ReadonlySet<string>): boolean {
    this.#headers ??= this.#call.metadata.toJSON();
    for (const name in this.#headers) if (names.has(name)) return true;
    return false;
  }

  header(name: string): string | undefined {
    this.#headers ??= this.#call.metadata.toJSON();
    // What an object has by itself, as `constructor`, is no list.
    const values: unknown = this.#headers[name];
    if (!Array.isArray(values) || values.length === 0) return undefined;
    return values.length === 1 ? String(values[0]) : values.join(',');
  }
}
