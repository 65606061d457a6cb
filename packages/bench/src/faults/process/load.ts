import type { FaultClient } from '../contenders/fault-client.js';
import { callId } from '../service/ledger.js';
import type { CallRecord, LoadRequest } from './messages.js';
import { nowMs } from './now.js';

/** A unary call has a deadline of 1 s, a stream half a second of messages; what takes longer is counted as unfinished. */
const STRAGGLER_LIMIT_MS = 2_500;
const POLL_MS = 10;
/** Of a call that has not ended. */
const UNFINISHED = -1;

type Running = { -readonly [K in keyof CallRecord]: CallRecord[K] };

/**
 * One client's calls, at a fixed rate however long earlier ones take. When the process was late, what was due meanwhile is
 * started at once, with the times that it was meant for: no coordinated omission.
 */
export class Load {
  readonly #name: string;
  readonly #client: FaultClient;
  readonly #request: LoadRequest;
  readonly #calls: Running[] = [];
  #running = 0;

  constructor(name: string, client: FaultClient, request: LoadRequest) {
    this.#name = name;
    this.#client = client;
    this.#request = request;
  }

  /** Resolves with all calls when the last has ended, or has had time enough. */
  async run(): Promise<readonly CallRecord[]> {
    await new Promise<void>((resolve) => this.#startDue(resolve));
    const limitMs = nowMs() + STRAGGLER_LIMIT_MS;
    while (this.#running > 0 && nowMs() < limitMs) {
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
    const endMs = nowMs();
    for (const call of this.#calls) {
      if (call.code === UNFINISHED) call.endMs = endMs;
    }
    return this.#calls;
  }

  #startDue(done: () => void): void {
    const { beginMs, endMs, rate } = this.#request;
    for (;;) {
      const dueMs = beginMs + (this.#calls.length * 1000) / rate;
      if (dueMs >= endMs) {
        done();
        return;
      }
      const waitMs = dueMs - nowMs();
      if (waitMs > 0) {
        setTimeout(() => this.#startDue(done), waitMs);
        return;
      }
      this.#start(dueMs);
    }
  }

  #start(startMs: number): void {
    const { methods } = this.#request;
    const index = this.#calls.length;
    const method = methods[index % methods.length];
    if (method === undefined) throw new Error('a load needs a method');
    const call: Running = { method, index, startMs, endMs: 0, code: UNFINISHED };
    this.#calls.push(call);
    this.#running++;
    const end = (code: number) => {
      call.endMs = nowMs();
      call.code = code;
      this.#running--;
    };
    this.#client.call(method, callId(this.#name, method, index)).then(
      () => end(0),
      (error: unknown) => {
        end(codeOf(error));
        call.detail = String(error).slice(0, 500);
      },
    );
  }
}

function codeOf(error: unknown): number {
  const coded = typeof error === 'object' && error !== null && 'code' in error;
  return coded && typeof error.code === 'number' ? error.code : 2;
}
