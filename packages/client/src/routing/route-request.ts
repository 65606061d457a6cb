import type { RouteRequest } from '@micromesh/policy/route';
import type { Call } from '../call/client-call.js';

/** A call, as the rules of a VirtualService look at it. */
export class CallRequest implements RouteRequest {
  readonly scheme = 'http';
  readonly verb = 'POST';
  readonly path: string;
  readonly authority: string;
  readonly #call: Call;

  constructor(call: Call) {
    this.#call = call;
    this.path = call.method.path;
    this.authority = call.service.name;
  }

  header(name: string): string | undefined {
    const values = this.#call.metadata.get(name);
    return values.length === 0 ? undefined : values.join(',');
  }
}
