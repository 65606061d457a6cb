import type { Guardian } from '@micromesh/cli/stage';
import type { FaultContender, FaultTarget } from '../contenders/fault-client.js';
import type { CallRecord, LoadRequest } from '../process/messages.js';
import { Part } from './part.js';

/** How long after its last call a client may take to report. */
const REPORT_LIMIT_MS = 15_000;

/** A client of a stage, alone in its process. */
export class ClientPart {
  readonly contender: FaultContender;
  readonly #part: Part;

  constructor(contender: FaultContender, target: FaultTarget, guardian: Guardian) {
    this.contender = contender;
    this.#part = new Part('client-main.js', [contender.id, JSON.stringify(target)], guardian);
  }

  async ready(): Promise<void> {
    await this.#part.hear('ready');
  }

  /** Makes calls for `durationMs`, and gives all of them. */
  async load(request: Omit<LoadRequest, 'type'>, durationMs: number): Promise<readonly CallRecord[]> {
    const heard = this.#part.hear('calls', durationMs + REPORT_LIMIT_MS);
    this.#part.ask({ type: 'load', ...request });
    return (await heard).calls;
  }

  async end(): Promise<void> {
    await this.#part.end();
  }
}
