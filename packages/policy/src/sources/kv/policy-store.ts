import { type Logger, messageOf, silentLogger } from '@micromesh/core';
import { type KeyValueStore, RegistryError } from '@micromesh/registry';
import { checkPolicyPrefix, DEFAULT_PREFIX } from './policy-prefix.js';
import { checkStamp, type PolicyStamp, type PolicyVersion } from './policy-version.js';
import type { StoredResource } from './stored-resource.js';
import {
  digestOf,
  formatPointer,
  MAX_KEPT,
  pointerKey,
  readPointer,
  type VersionPointer,
  versionKey,
} from './version-pointer.js';
import { formatRecord, readRecord } from './version-record.js';

/** Where a {@link PolicyStore} is. */
export interface PolicyStoreOptions {
  /** What its keys begin with; default `micromesh/policies`. */
  readonly prefix?: string;
  /** Told of what could not be tidied up; default silent. */
  readonly logger?: Logger;
}

/** What is in force, as it was read: what a later {@link PolicyStore.commit} builds on. */
export interface PolicyBase {
  /** Undefined: nothing was ever applied. */
  readonly pointer: VersionPointer | undefined;
  /** Of the pointer; 0 where there is none. */
  readonly modifyIndex: number;
}

/** Somebody else has applied something since the base was read; nothing was written. */
export class PolicyConflictError extends Error {
  override readonly name = 'PolicyConflictError';
}

/** The policies in a store are not as micromesh writes them: a key was changed or deleted by hand. */
export class BrokenPolicyStoreError extends Error {
  override readonly name = 'BrokenPolicyStoreError';
}

// Those of writers that died half-way, and of one or two who write at this moment.
const MAX_TAKEN = 100;

/**
 * Versions of a whole set of resources in a key-value store, and which of them is in force. All that is written is written by
 * check-and-set: of two who write at once one is told.
 */
export class PolicyStore {
  readonly #store: KeyValueStore;
  readonly #prefix: string;
  readonly #logger: Logger;

  /** @throws ConfigError for a prefix that no key can begin with. */
  constructor(
    store: KeyValueStore,
    { prefix = DEFAULT_PREFIX, logger = silentLogger }: PolicyStoreOptions = {},
  ) {
    this.#store = store;
    this.#prefix = checkPolicyPrefix(prefix);
    this.#logger = logger;
  }

  /**
   * Which version is in force.
   *
   * @throws RegistryError when the store does not answer; BrokenPolicyStoreError when the pointer is none.
   */
  async base(signal?: AbortSignal): Promise<PolicyBase> {
    const key = pointerKey(this.#prefix);
    const entry = await this.#store.get(key, signal);
    if (entry === undefined) return { pointer: undefined, modifyIndex: 0 };
    const pointer = readPointer(entry.value);
    if (pointer !== undefined) return { pointer, modifyIndex: entry.modifyIndex };
    throw new BrokenPolicyStoreError(
      `the key ${key} names no version of policies; delete it, and apply all policies again`,
    );
  }

  /**
   * The version that a base has in force; undefined: nothing was ever applied.
   *
   * @throws as {@link version}; PolicyConflictError when it has become another one meanwhile.
   */
  async current({ pointer }: PolicyBase, signal?: AbortSignal): Promise<PolicyVersion | undefined> {
    if (pointer === undefined) return undefined;
    const key = versionKey(this.#prefix, pointer.version);
    const entry = await this.#store.get(key, signal);
    if (entry !== undefined && digestOf(entry.value) === pointer.digest) return this.#read(key, entry.value);
    throw this.#broken(key, entry === undefined ? 'is not there' : 'is not what was applied');
  }

  /**
   * Any version that is kept; undefined: it is not.
   *
   * @throws RegistryError when the store does not answer; BrokenPolicyStoreError when it cannot be read.
   */
  async version(version: number, signal?: AbortSignal): Promise<PolicyVersion | undefined> {
    const key = versionKey(this.#prefix, version);
    const entry = await this.#store.get(key, signal);
    return entry === undefined ? undefined : this.#read(key, entry.value);
  }

  /**
   * Writes the next version and puts it in force. The resources are to be validated before.
   *
   * @returns the version that is in force now.
   * @throws PolicyConflictError when somebody else was faster: nothing was written. ConfigError for a stamp that cannot be, and resources
   *   that do not fit into one value. RegistryError when the store does not answer; the message says where it may be in force all the same.
   */
  async commit(
    base: PolicyBase,
    resources: readonly StoredResource[],
    stamp: PolicyStamp,
    rollbackTo?: number,
  ): Promise<PolicyVersion> {
    checkStamp(stamp);
    const { who, atMs, why } = stamp;
    const { version, taken, digest } = await this.#writeVersion(base, (number) => ({
      version: number,
      who,
      atMs,
      why,
      rollbackTo,
      resources,
    }));
    const before = base.pointer?.kept ?? [];
    const kept = [version.version, ...before].slice(0, MAX_KEPT);
    const pointer = { version: version.version, digest, kept };
    if (!(await this.#movePointer(pointer, base.modifyIndex))) {
      await this.#tidy([version.version]);
      throw new PolicyConflictError(
        `${await this.#winner()} meanwhile; nothing was written: look at it, and repeat`,
      );
    }
    await this.#tidy([...taken, ...before.filter((each) => !kept.includes(each))]);
    return version;
  }

  async #writeVersion(base: PolicyBase, make: (number: number) => PolicyVersion) {
    const first = (base.pointer?.version ?? 0) + 1;
    const taken: number[] = [];
    for (let number = first; taken.length < MAX_TAKEN; number++) {
      const version = make(number);
      const value = formatRecord(version);
      if (await this.#store.put(versionKey(this.#prefix, number), value, { cas: 0 })) {
        return { version, taken, digest: digestOf(value) };
      }
      taken.push(number);
    }
    const last = first + taken.length - 1;
    throw new BrokenPolicyStoreError(
      `versions ${first} to ${last} are there already below ${this.#prefix}/versions, though ${pointerKey(this.#prefix)} does not name them; delete them`,
    );
  }

  async #movePointer(pointer: VersionPointer, cas: number): Promise<boolean> {
    const key = pointerKey(this.#prefix);
    try {
      return await this.#store.put(key, formatPointer(pointer), { cas });
    } catch (error) {
      // It may have been carried out all the same.
      const inForce = await this.#isInForce(pointer).catch(() => false);
      if (inForce) return true;
      throw new RegistryError(
        `${messageOf(error)}; version ${pointer.version} may be in force all the same: micromesh history shows it`,
        { cause: error },
      );
    }
  }

  async #isInForce({ digest }: VersionPointer): Promise<boolean> {
    return (await this.base()).pointer?.digest === digest;
  }

  async #winner(): Promise<string> {
    try {
      const { pointer } = await this.base();
      const other = pointer === undefined ? undefined : await this.version(pointer.version);
      if (other !== undefined) return `${other.who} has applied version ${other.version}`;
    } catch (error) {
      this.#logger.warn({ error: messageOf(error) }, 'it cannot be told who has changed the policies');
    }
    return 'somebody else has changed the policies';
  }

  /** Takes away what no pointer names any more. */
  async #tidy(versions: readonly number[]): Promise<void> {
    for (const version of versions) {
      const key = versionKey(this.#prefix, version);
      try {
        await this.#store.delete(key);
      } catch (error) {
        this.#logger.warn(
          { key, error: messageOf(error) },
          'a version of policies that is not used stays in the store',
        );
      }
    }
  }

  #read(key: string, value: string): PolicyVersion {
    const read = readRecord(value);
    if (read.kind === 'version') return read.version;
    throw this.#broken(key, read.problem);
  }

  #broken(key: string, problem: string): BrokenPolicyStoreError {
    return new BrokenPolicyStoreError(
      `the record ${key} ${problem}; go back to another version with micromesh rollback VERSION`,
    );
  }
}
