import { setTimeout as sleep } from 'node:timers/promises';
import { silentLogger } from '@micromesh/core';
import { cutResources, PolicyStore } from '@micromesh/policy';
import { type Registry, registryFrom } from '@micromesh/registry';
import { HelloService } from '@micromesh/service-hello';
import { consulKv, createMesh } from 'micromesh';
import { type Footprint, type Growth, growthOf, takeFootprint } from '../soak/footprint.js';
import type { ReloadOptions } from './reload-options.js';
import { NODE_VERSIONS, numberedPolicies } from './reload-policies.js';
import { reloadProblems } from './reload-verdict.js';
import { VersionLedger } from './version-ledger.js';
import { VersionNodes } from './version-nodes.js';

/** What a run came to. */
export interface ReloadResult {
  readonly seconds: number;
  readonly calls: number;
  readonly failed: number;
  /** Errors by their message, at most ten kinds. */
  readonly errors: Readonly<Record<string, number>>;
  /** Calls with more than one attempt. */
  readonly retried: number;
  /** Versions of the policies that were written. */
  readonly versions: number;
  /** Versions that calls have gone by: a watch wakes some ten times a second, each time to the newest. */
  readonly followed: number;
  /** Calls with something of two versions in them. */
  readonly mixed: number;
  /** What that was, in words. */
  readonly mixedWords: readonly string[];
  /** Calls that went by no policies. */
  readonly without: number;
  readonly heapMiB: Growth;
  readonly rssMiB: Growth;
  readonly handles: Growth;
  /** What is wrong with it, in words; empty: nothing. */
  readonly problems: readonly string[];
  readonly samples: readonly Footprint[];
}

/** What goes on, for those who wait. */
export interface ReloadProgress {
  readonly sample: Footprint;
  readonly failed: number;
  readonly versions: number;
  readonly followed: number;
}

const REGISTRY = 'embedded';
/** A collection of all garbage takes a moment, and a long one on a busy machine. */
const SAMPLES = 10;
const TICK_MS = 5;
const MAX_KINDS = 10;
const WARM_UP_CALLS = 3000;
const WARM_UP_LANES = 8;
/** Each call has a deadline of some 6 s. */
const STRAGGLER_LIMIT_MS = 8000;

/**
 * Calls at a fixed rate while versions of the policies are written one after the other, and looks whether any call fails or goes by parts
 * of two of them, and whether memory grows. It begins when the first version is in force.
 *
 * @param onProgress - hears of each sample as it is taken.
 */
export async function runReload(
  options: ReloadOptions,
  onProgress: (progress: ReloadProgress) => void,
): Promise<ReloadResult> {
  const nodes = new VersionNodes();
  const ledger = new VersionLedger();
  const registry = registryFrom(REGISTRY, { logger: silentLogger });
  let close = () => registry.close();
  try {
    await nodes.start([...NODE_VERSIONS, ...NODE_VERSIONS]);
    const writer = await VersionWriter.begin(registry);
    const mesh = createMesh({
      ...{ identity: { service: 'bench' }, registry, logger: silentLogger, policies: [consulKv()] },
      interceptors: { attempt: [ledger.interceptor] },
    });
    close = async () => {
      await mesh.close();
      await registry.close();
    };
    const hello = mesh.client(HelloService, { service: 'hello' });
    return await measure(options, writer, ledger, (id) => hello.anything({ name: 'reload', id }), onProgress);
  } finally {
    await close();
    await nodes.stop();
  }
}

/** Writes policies of growing numbers, as `micromesh apply` does. */
class VersionWriter {
  written = 0;

  private constructor(private readonly store: PolicyStore) {}

  /** With the first version written. */
  static async begin(registry: Registry): Promise<VersionWriter> {
    if (registry.keyValues === undefined) throw new Error('the registry holds no keys and values');
    const writer = new VersionWriter(new PolicyStore(registry.keyValues));
    await writer.write();
    return writer;
  }

  async write(): Promise<void> {
    const number = ++this.written;
    const resources = cutResources([{ file: 'hello.yaml', text: numberedPolicies(number) }]);
    const stamp = { who: 'bench:reload', atMs: Date.now(), why: `number ${number}` };
    await this.store.commit(await this.store.base(), resources, stamp);
  }
}

async function measure(
  { versions, seconds, rps }: ReloadOptions,
  writer: VersionWriter,
  ledger: VersionLedger,
  call: (id: string) => Promise<unknown>,
  onProgress: (progress: ReloadProgress) => void,
): Promise<ReloadResult> {
  const samples: Footprint[] = [];
  const errors: Record<string, number> = {};
  let [begun, ended, failed] = [0, 0, 0];
  // At most a few at a time, until the code is compiled: what then comes 400 times a second is to find it so.
  const lane = async () => {
    for (let made = 0; made < WARM_UP_CALLS / WARM_UP_LANES; made++) await call('first');
  };
  await Promise.all(Array.from({ length: WARM_UP_LANES }, lane));
  const startedAt = performance.now();
  const elapsedMs = () => performance.now() - startedAt;
  const onError = (error: unknown) => {
    failed++;
    const words = String(error).replaceAll(/[\w-]*\d[\w.:-]*/g, '#');
    if (words in errors || Object.keys(errors).length < MAX_KINDS) errors[words] = (errors[words] ?? 0) + 1;
  };
  const loading = async () => {
    const total = seconds * rps;
    while (begun < total) {
      const due = Math.min(total, Math.floor((elapsedMs() / 1000) * rps));
      while (begun < due) {
        void call(`call-${begun++}`)
          .catch(onError)
          .then(() => ended++);
      }
      await sleep(TICK_MS);
    }
  };
  const writing = async () => {
    const first = writer.written;
    for (let count = 1; count <= versions; count++) {
      await sleep(Math.max(0, (count * seconds * 1000) / (versions + 1) - elapsedMs()));
      await writer.write();
    }
    return writer.written - first;
  };
  const sampling = setInterval(
    () => {
      const sample = takeFootprint(elapsedMs(), ended);
      samples.push(sample);
      onProgress({ sample, failed, versions: writer.written - 1, followed: ledger.followed });
    },
    (seconds * 1000) / SAMPLES,
  );
  try {
    await Promise.all([loading(), writing()]);
  } finally {
    clearInterval(sampling);
  }
  const measuredMs = elapsedMs();
  const limitMs = measuredMs + STRAGGLER_LIMIT_MS;
  while (ended < begun && elapsedMs() < limitMs) await sleep(TICK_MS);
  const [heapMiB, rssMiB] = [growthOf(samples, 'heapMiB'), growthOf(samples, 'rssMiB')];
  const handles = growthOf(samples, 'handles');
  const { mixed, words: mixedWords, without, retried, followed } = ledger;
  const figures = {
    seconds: Math.round(measuredMs) / 1000,
    ...{ calls: ended, failed, retried },
    versions: writer.written - 1,
    ...{ followed, mixed, without, heapMiB, handles },
  };
  const problems = reloadProblems(figures, { versions, calls: seconds * rps, seconds });
  return { ...figures, errors, mixedWords, rssMiB, problems, samples };
}
