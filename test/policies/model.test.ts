import { spawnDevAgent } from '@micromesh/registry';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { micromesh } from '../nodes/command.js';
import { TEST_ALL } from '../test-all.js';
import { PolicyFolder } from './policy-files.js';

vi.setConfig({ testTimeout: 240_000 });

type Services = Readonly<Record<string, string>>;

/** What an operator does. `back` is counted from the newest version that is kept. */
type Step =
  | { readonly kind: 'apply'; readonly services: Services; readonly prune: boolean; readonly dryRun: boolean }
  | { readonly kind: 'delete'; readonly service: string }
  | { readonly kind: 'rollback'; readonly back: number | undefined };

/** What is in force by the rules, in one page. */
class Model {
  readonly #history: Services[] = [];

  /** Of all versions, the newest first. */
  get versions(): readonly Services[] {
    return [...this.#history].reverse();
  }

  get current(): Services {
    return this.#history.at(-1) ?? {};
  }

  /** Gives the exit status. */
  take(step: Step): number {
    switch (step.kind) {
      case 'apply': {
        if (Object.values(step.services).includes('soon')) return 1;
        const next = step.prune ? step.services : { ...this.current, ...step.services };
        if (!step.dryRun) this.#become(next);
        return 0;
      }
      case 'delete': {
        const { [step.service]: gone, ...left } = this.current;
        if (gone === undefined) return 1;
        this.#become(left);
        return 0;
      }
      case 'rollback': {
        const version = this.versions[step.back ?? 1];
        if (version === undefined) return 1;
        this.#become(version);
        return 0;
      }
    }
  }

  #become(next: Services): void {
    if (sorted(next) !== sorted(this.current)) this.#history.push(next);
  }
}

function sorted(services: Services): string {
  return JSON.stringify(Object.entries(services).sort());
}

const service = fc.constantFrom('a', 'b', 'c');
const timeout = fc.oneof(
  { weight: 9, arbitrary: fc.constantFrom('1s', '2s', '3s') },
  { weight: 1, arbitrary: fc.constant('soon') },
);
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('apply' as const),
      services: fc.dictionary(service, timeout, { minKeys: 1, noNullPrototype: true }),
      prune: fc.boolean(),
      dryRun: fc.integer({ min: 0, max: 5 }).map((n) => n === 0),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('delete' as const), service }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('rollback' as const),
      back: fc.option(fc.integer({ min: 0, max: 6 }), { nil: undefined }),
    }),
  },
);

let agent: Awaited<ReturnType<typeof spawnDevAgent>>;
let folder: PolicyFolder;

beforeAll(async () => {
  agent = await spawnDevAgent({ port: 0 });
  folder = new PolicyFolder();
});
afterAll(async () => {
  folder.end();
  await agent.stop();
});

const command = (...args: readonly string[]) => micromesh(`consul://${agent.address}`, ...args);

async function history(): Promise<readonly { readonly version: number; readonly inForce: boolean }[]> {
  return JSON.parse((await command('history', '--json')).stdout).versions;
}

async function inForce(): Promise<Services> {
  const { items } = JSON.parse((await command('get', '--json')).stdout);
  return Object.fromEntries(
    items.map((item: { metadata: { name: string }; spec: { http: [{ timeout: string }] } }) => [
      item.metadata.name,
      item.spec.http[0].timeout,
    ]),
  );
}

async function run(each: Step): Promise<number> {
  switch (each.kind) {
    case 'apply': {
      const flags = [...(each.prune ? ['--prune'] : []), ...(each.dryRun ? ['--dry-run'] : [])];
      return (await command('apply', '-f', folder.services('set', each.services), ...flags)).status;
    }
    case 'delete':
      return (await command('delete', 'vs', each.service)).status;
    case 'rollback': {
      if (each.back === undefined) return (await command('rollback')).status;
      const version = (await history())[each.back]?.version ?? 999_999;
      return (await command('rollback', String(version))).status;
    }
  }
}

describe('whatever is applied, deleted and gone back on', () => {
  it.runIf(TEST_ALL)('get, the history and the exit status are what a model says', async () => {
    let steps = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 10 }), async (all) => {
        await wipe();
        const model = new Model();
        for (const each of all) {
          steps++;
          expect(await run(each)).toBe(model.take(each));
          expect(sorted(await inForce())).toBe(sorted(model.current));
        }
        const versions = await history();
        expect(versions.map(({ version }) => version)).toEqual(
          model.versions.map((_, at) => model.versions.length - at),
        );
        expect(versions.map(({ inForce: isIt }) => isIt)).toEqual(versions.map((_, at) => at === 0));
      }),
      { numRuns: 12 },
    );
    process.stderr.write(`the model agrees after ${steps} commands\n`);
  });
});

async function wipe(): Promise<void> {
  const response = await fetch(`http://${agent.address}/v1/kv/micromesh/policies?recurse`, {
    method: 'DELETE',
  });
  if (!response.ok) throw new Error(`${response.status} ${await response.text()}`);
}
