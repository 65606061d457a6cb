import { type Clock, createAbortController, type Logger, messageOf, sleep } from '@micromesh/core';
import type { KeyValueStore, KvEntry, KvWatch, KvWatchState } from '@micromesh/registry';
import type { Problem } from '../../problem.js';
import { LastWord } from '../last-word.js';
import { PolicyReader } from '../policy-reader.js';
import type { PolicyListener, PolicySource, PolicyWord } from '../policy-source.js';
import { hasErrors } from '../read-policies.js';
import type { PolicyVersion } from './policy-version.js';
import { digestOf, pointerKey, readPointer, type VersionPointer, versionKey } from './version-pointer.js';
import { readRecord } from './version-record.js';

const RETRY_BASE_MS = 100;
const RETRY_MAX_MS = 5_000;

/** The policies in a key-value store: the pointer is watched, each version that it names is read whole. */
export class KvPolicies implements PolicySource {
  readonly description: string;
  readonly #store: KeyValueStore;
  readonly #prefix: string;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #word: LastWord;
  readonly #watch: KvWatch;
  readonly #reader = new PolicyReader();
  readonly #abort = createAbortController();
  /** The value of the pointer that was looked at last; empty: there was none. An index may come again in a store that was emptied. */
  #seen: string | undefined;
  /** What is to be read, and was not yet. */
  #wanted: VersionPointer | undefined;
  #isReading = false;
  /** Ends the pause before a version is asked for once more. */
  #pause = createAbortController();

  constructor(store: KeyValueStore, prefix: string, description: string, clock: Clock, logger: Logger) {
    this.description = description;
    this.#store = store;
    this.#prefix = prefix;
    this.#clock = clock;
    this.#logger = logger;
    this.#word = new LastWord(description, logger);
    this.#watch = store.watch(pointerKey(prefix));
    this.#watch.subscribe((state) => this.#onState(state));
    this.#onState(this.#watch.state);
  }

  watch(listener: PolicyListener): () => void {
    return this.#word.watch(listener);
  }

  close(): void {
    this.#abort.abort();
    this.#pause.abort();
    this.#watch.close();
    this.#word.close();
  }

  #onState(state: KvWatchState): void {
    if (this.#abort.signal.aborted) return;
    if (state.kind !== 'unknown') {
      const key = pointerKey(this.#prefix);
      const entry = state.entries.find((each) => each.key === key);
      const isNews = entry === undefined ? this.#onNoPointer() : this.#onPointer(entry);
      if (!isNews && state.kind === 'current' && this.#wanted === undefined) this.#word.repeat();
    }
    if (state.kind !== 'current' && state.error !== undefined) {
      this.#word.tell({ kind: 'unknown', error: state.error });
    }
  }

  /** Gives whether it is another than the one before. */
  #onPointer({ key, value }: KvEntry): boolean {
    if (value === this.#seen) return false;
    this.#seen = value;
    this.#wanted = readPointer(value);
    if (this.#wanted === undefined) {
      this.#word.tell(
        bad(key, 'the key names no version of policies', 'delete it, and apply all policies again'),
      );
    } else {
      this.#pause.abort();
      if (!this.#isReading) this.#start();
    }
    return true;
  }

  #onNoPointer(): boolean {
    this.#wanted = undefined;
    if (this.#seen === '') return false;
    if (this.#seen === undefined) {
      this.#seen = '';
      this.#word.tell({ kind: 'good', version: '0', resources: [], problems: [] });
    } else {
      // `micromesh delete` of the last resource leaves a version without any: a key that has gone is a store that was emptied.
      const error = `the key ${pointerKey(this.#prefix)} has gone; apply the policies again`;
      this.#word.tell({ kind: 'unknown', error });
    }
    return true;
  }

  #start(): void {
    this.#readAll().catch((error: unknown) =>
      this.#logger.error({ source: this.description, error: messageOf(error) }, 'policies are not read'),
    );
  }

  /** Reads what is wanted until nothing more is. */
  async #readAll(): Promise<void> {
    this.#isReading = true;
    try {
      let failures = 0;
      while (this.#wanted !== undefined && !this.#abort.signal.aborted) {
        failures = (await this.#readOnce(this.#wanted)) ? 0 : failures + 1;
        if (failures > 0) await this.#rest(failures);
      }
    } finally {
      this.#isReading = false;
    }
  }

  /** Gives false when it has to be asked for once more. */
  async #readOnce(wanted: VersionPointer): Promise<boolean> {
    try {
      const word = await this.#readVersion(wanted);
      if (this.#abort.signal.aborted) return true;
      if (this.#wanted === wanted) this.#wanted = undefined;
      this.#word.tell(word);
      return true;
    } catch (error) {
      if (this.#abort.signal.aborted || this.#wanted !== wanted) return true;
      this.#word.tell({ kind: 'unknown', error: messageOf(error) });
      return false;
    }
  }

  async #rest(failures: number): Promise<void> {
    this.#pause = createAbortController();
    const pauseMs = Math.min(RETRY_MAX_MS, RETRY_BASE_MS * 2 ** (failures - 1));
    await sleep(this.#clock, pauseMs, this.#pause.signal, false);
  }

  async #readVersion({ version, digest }: VersionPointer): Promise<PolicyWord> {
    const key = versionKey(this.#prefix, version);
    const entry = await this.#store.get(key, this.#abort.signal);
    // It may come yet: from a server of Consul's that knows less than the one that told of it.
    if (entry === undefined)
      throw new Error(`the key ${key} is not there, though version ${version} is in force`);
    if (digestOf(entry.value) !== digest)
      return bad(key, 'the record is not what was applied', ROLLBACK, version);
    const read = readRecord(entry.value);
    if (read.kind === 'unreadable') return bad(key, `the record ${read.problem}`, ROLLBACK, version);
    return this.#wordOf(read.version);
  }

  async #wordOf({ version, resources: stored }: PolicyVersion): Promise<PolicyWord> {
    // Without the version: what stays the same is not read again.
    const texts = stored.map(({ file, line, text }) => ({ file: `kv:${file}`, line, text }));
    const { resources, problems } = await this.#reader.read(texts);
    if (hasErrors(problems)) return { kind: 'bad', version: String(version), problems };
    return { kind: 'good', version: String(version), resources, problems };
  }
}

const ROLLBACK = 'go back to another version with micromesh rollback VERSION';

function bad(file: string, message: string, fix: string, version?: number): PolicyWord {
  const problem: Problem = { severity: 'error', file, line: 1, column: 1, path: '', message, fix };
  return { kind: 'bad', version: version === undefined ? '' : String(version), problems: [problem] };
}
