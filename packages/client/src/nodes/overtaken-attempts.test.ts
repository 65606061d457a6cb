import { Metadata, status } from '@grpc/grpc-js';
import { describe, expect, it } from 'vitest';
import { TestWorld, testNode } from '../testing/index.js';
import { OvertakenAttempts } from './overtaken-attempts.js';

const NODES = ['a', 'b', 'c'];
const WARM_MS = 5000;

interface Load {
  readonly seed: number;
  readonly callsPerSecond: number;
  readonly withWrites?: boolean;
  /** Every fifth answer takes 3 ms more. */
  readonly usualMs?: number;
}

/** Three nodes under load: every second call is idempotent, and hedged after 50 ms. */
async function hedgedWorld({ seed, callsPerSecond, withWrites = true, usualMs = 10 }: Load) {
  const world = new TestWorld(seed);
  await world.nodes(...NODES);
  let slowerMs = 0;
  let answers = 0;
  for (const id of NODES)
    world.transport.node(id).script = () => ({
      kind: 'answer',
      messages: [Buffer.from(id)],
      afterMs: usualMs + (answers++ % 5 === 0 ? 3 : 0) + (id === 'a' ? slowerMs : 0),
    });
  const caller = world.caller({ hedge: { afterMs: 50 }, retries: 2 });
  const [service] = world.room.services;
  const standingOfA = () => [...(service?.nodes.handles ?? [])].find(({ node }) => node.id === 'a')?.standing;
  let calls = 0;
  const failed: number[] = [];
  const load = async (forMs: number, until: () => boolean = () => false) => {
    const start = world.clock.now();
    while (world.clock.now() - start < forMs && !until()) {
      calls++;
      const { outcome } = world.call(caller, { idempotent: !withWrites || calls % 2 === 0 });
      void outcome.then(({ code }) => code === status.OK || failed.push(code));
      await world.clock.advance(1000 / callsPerSecond);
    }
    expect(failed).toEqual([]);
    return world.clock.now() - start;
  };
  await load(WARM_MS);
  const slow = (byMs: number) => {
    slowerMs = byMs;
  };
  return { world, load, standingOfA, slow };
}

const SEEDS = Array.from({ length: 20 }, (_, index) => index + 1);

describe('a node that loses its hedged calls', () => {
  it.each([
    // By its answers alone it is up to 1440: those of every other call.
    { calls: 'every other call', withWrites: true, usualMs: 10 },
    // Where what is slow begins in the middle of a bucket of the record.
    { calls: 'every other call', withWrites: true, usualMs: 12 },
    // There are no answers, but to the question whether it lives.
    { calls: 'all calls', withWrites: false, usualMs: 10 },
  ])(
    'is found to be slow by them, with $calls hedged and $usualMs ms as usual',
    async ({ withWrites, usualMs }) => {
      const took: number[] = [];
      for (const seed of SEEDS) {
        const { load, standingOfA, slow } = await hedgedWorld({
          seed,
          callsPerSecond: 50,
          withWrites,
          usualMs,
        });
        slow(300);
        took.push(await load(3000, () => standingOfA() === 'ejected'));
      }
      took.sort((one, other) => one - other);
      expect(took.at(-1)).toBeLessThan(1000);
      expect(took[0]).toBeGreaterThan(300);
    },
  );

  it('is not, because it has stood still for a moment', async () => {
    for (const [seed, stillMs] of [
      [1, 300],
      [2, 500],
      [3, 700],
    ] as const) {
      const { world, load, standingOfA } = await hedgedWorld({ seed, callsPerSecond: 400 });
      world.transport.node('a').freeze();
      await load(stillMs);
      world.transport.node('a').thaw();
      await load(3000, () => standingOfA() === 'ejected');
      expect(standingOfA(), `after ${stillMs} ms`).toBe('healthy');
    }
  });

  it('is not, where it loses no more of them than the others', async () => {
    for (const seed of SEEDS) {
      const { world, load, standingOfA } = await hedgedWorld({ seed, callsPerSecond: 100 });
      let count = seed;
      for (const id of NODES)
        world.transport.node(id).script = () => ({
          kind: 'answer',
          messages: [Buffer.from(id)],
          afterMs: count++ % 7 === 0 ? 300 : 10,
        });
      await load(3000, () => standingOfA() === 'ejected');
      expect(standingOfA()).toBe('healthy');
    }
  });

  it('is found to be silent where it is frozen and nobody waits for longer than a hedge, and healthy when it thaws', async () => {
    const { world, load, standingOfA } = await hedgedWorld({
      seed: 1,
      callsPerSecond: 100,
      withWrites: false,
    });
    world.transport.node('a').freeze();
    await load(400);
    const asked = world.path.length;
    await load(3600);
    expect(standingOfA()).toBe('silent');
    expect(world.path.slice(asked)).not.toContain('a');
    world.transport.node('a').thaw();
    await load(1000);
    expect(standingOfA()).toBe('healthy');
  });

  it('is not, where it helps with requests that are slow anywhere', async () => {
    for (const seed of SEEDS.slice(0, 5)) {
      const world = new TestWorld(seed, { callerLabels: { zone: 'near' } });
      const zoned = (id: string, zone: string) => testNode(id, { labels: { zone } });
      world.registry.show({ name: 'hello' }, [zoned('here', 'near'), zoned('there', 'far')]);
      await world.clock.settle();
      for (const id of ['here', 'there'])
        world.transport.node(id).script = ({ metadata }) => ({
          kind: 'answer',
          messages: [Buffer.from(id)],
          afterMs: metadata.get('long').length > 0 ? 300 : 10,
        });
      const caller = world.caller({ hedge: { afterMs: 50 }, retries: 1, filter: { locality: 'prefer' } });
      const [service] = world.room.services;
      for (let calls = 0; calls < 1000; calls++) {
        const metadata = new Metadata();
        if (calls % 17 === 0) metadata.set('long', 'yes');
        world.call(caller, { idempotent: true, metadata });
        await world.clock.advance(10);
        const standings = [...(service?.nodes.handles ?? [])].map(({ standing }) => standing);
        expect(standings).toEqual(['healthy', 'healthy']);
      }
      expect(world.path).toContain('there');
      world.room.close();
    }
  });

  it('is asked no more than five times a second where it answers', async () => {
    const world = new TestWorld(1);
    await world.nodes(...NODES);
    for (const id of NODES)
      world.transport.node(id).script = () => ({
        kind: 'answer',
        messages: [Buffer.from(id)],
        afterMs: id === 'a' ? 40 : 12,
      });
    const caller = world.caller({ hedge: { afterMs: 20 }, retries: 2, idempotent: true });
    for (let calls = 0; calls < 2000; calls++) {
      world.call(caller);
      await world.clock.advance(1);
    }
    expect(world.transport.questions).toBeGreaterThan(0);
    expect(world.transport.questions).toBeLessThanOrEqual(10);
    world.room.close();
  });
});

describe('the attempts on a node that were overtaken', () => {
  it('are kept to the latest of a second, and no more than 32', () => {
    const overtaken = new OvertakenAttempts();
    const add = (now: number, waitedMs: number) => {
      overtaken.add(now, waitedMs);
      return overtaken.count(now);
    };
    for (let count = 0; count < 100; count++) add(0, 60);
    add(1001, 70);
    expect(overtaken.take(1001)).toEqual([70]);
    for (let count = 0; count < 100; count++) add(2000, 80);
    expect(overtaken.take(2000)).toHaveLength(32);
  });

  it('ask for the node however many there are, every 200 ms from the third on, until it is heard', () => {
    const overtaken = new OvertakenAttempts();
    const asked: number[] = [];
    const countUntil = (fromMs: number, untilMs: number) => {
      for (let now = fromMs; now < untilMs; now += 10) if (overtaken.count(now)) asked.push(now);
    };
    countUntil(0, 1000);
    expect(asked).toEqual([20, 220, 420, 620, 820]);
    overtaken.take(1000);
    countUntil(1010, 1100);
    expect(asked.slice(5)).toEqual([1030]);
  });
});
