import { LatencyRecord } from './latency-record.js';

/** Methods that are looked after; a generic proxy passes on whatever paths it is sent. */
const MAX_METHODS = 1024;

/** How long the methods of one service take; shared by all its clients. */
export class MethodLatencies {
  readonly #byPath = new Map<string, LatencyRecord>();

  /** The record of a method; undefined beyond the first 1024. */
  of(path: string): LatencyRecord | undefined {
    let record = this.#byPath.get(path);
    if (record === undefined && this.#byPath.size < MAX_METHODS) {
      record = new LatencyRecord();
      this.#byPath.set(path, record);
    }
    return record;
  }
}
