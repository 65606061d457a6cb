import { silentLogger } from '@micromesh/core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  answer,
  claimed,
  keyedCall,
  PREFIX,
  SharedStoreNodes,
  type StoreNode,
} from './testing/shared-store-nodes.js';

const never = new AbortController().signal;
let service = new SharedStoreNodes();

beforeEach(() => {
  service = new SharedStoreNodes();
});

afterEach(() => service.closeWhole());

describe('what is over', () => {
  it('is swept away, also what dead nodes have left', async () => {
    const [dead, alive] = [service.node({ ttlMs: 10_000 }), service.node({ ttlMs: 10_000 })];
    await (await claimed(dead)).complete(answer('left'));
    await claimed(dead, keyedCall({ key: 'b' }));
    dead.line.cut();
    await service.clock.advance(8_000);
    await (await claimed(alive, keyedCall({ key: 'c' }))).complete(answer('new'));
    expect(service.values.list('')).toHaveLength(3);
    await service.clock.advance(9_000);
    expect(service.values.list('').map(({ key }) => key)).toEqual([`${PREFIX}/c`]);
    await service.clock.advance(10_000);
    expect(service.values.list('')).toEqual([]);
  });

  it('is swept down to the limits for all nodes together', async () => {
    const nodes = [service.node({ maxEntries: 4 }), service.node({ maxEntries: 4 })];
    for (let n = 0; n < 8; n++) {
      await (await claimed(nodes[n % 2] ?? service.node(), keyedCall({ key: `k${n}` }))).complete(
        answer('x'),
      );
      await service.clock.advance(1);
    }
    expect(service.values.list('')).toHaveLength(8);
    await service.clock.advance(300_000);
    expect(service.values.list('').map(({ key }) => key.slice(-2))).toEqual(['k4', 'k5', 'k6', 'k7']);
  });

  it('leaves alone what it cannot read, and runs nothing by it', async () => {
    const one = service.node({ ttlMs: 1_000 });
    service.values.put(`${PREFIX}/a`, '{"version":2}', undefined);
    await (await claimed(one, keyedCall({ key: 'b' }))).complete(answer('x'));
    await service.clock.advance(5_000);
    expect(service.values.list('').map(({ key }) => key)).toEqual([`${PREFIX}/a`]);
    expect(await one.store.begin(keyedCall(), never)).toMatchObject({ kind: 'unknown' });
  });
});

describe('the limit of a node', () => {
  let warnings = 0;
  const logger = {
    ...silentLogger,
    warn: () => {
      warnings += 1;
    },
  };
  const run = async (on: StoreNode, key: string) =>
    (await claimed(on, keyedCall({ key }))).complete(answer('x'));

  beforeEach(() => {
    warnings = 0;
  });

  it('counts nothing that another node has swept away', async () => {
    const one = service.node({ maxEntries: 3, random: () => 1, logger });
    // It sweeps before the first does, and keeps less.
    const other = service.node({ maxEntries: 1, random: () => 0 });
    await run(one, 'k0');
    await run(one, 'k1');
    await service.clock.advance(1);
    await run(other, 'k2');
    await service.clock.advance(200_000);
    expect(service.values.list('').map(({ key }) => key)).toEqual([`${PREFIX}/k2`]);
    await service.clock.advance(150_000);
    await run(one, 'k3');
    await run(one, 'k4');
    await run(one, 'k5');
    expect(warnings).toBe(0);
    await run(one, 'k6');
    expect(warnings).toBe(1);
  });

  it('counts nothing that has expired, swept or not', async () => {
    const one = service.node({ ttlMs: 10_000, maxEntries: 2, logger });
    await run(one, 'k0');
    await run(one, 'k1');
    one.line.fail();
    await service.clock.advance(10_000);
    one.line.mend();
    await run(one, 'k2');
    await run(one, 'k3');
    expect(warnings).toBe(0);
    await run(one, 'k4');
    expect(warnings).toBe(1);
  });

  it('is told of once, until there was room for as long as an answer lives', async () => {
    const one = service.node({ ttlMs: 10_000, maxEntries: 1, logger });
    for (let n = 0; n < 5; n++) await run(one, `k${n}`);
    expect(warnings).toBe(1);
    await service.clock.advance(10_001);
    await run(one, 'k5');
    expect(warnings).toBe(1);
    await run(one, 'k6');
    expect(warnings).toBe(2);
  });

  it('counts an answer that was kept while the sweep listed', async () => {
    const one = service.node({ maxEntries: 2, logger });
    await run(one, 'k0');
    const list = one.line.list.bind(one.line);
    one.line.list = async (...args) => {
      const entries = await list(...args);
      await run(one, 'k1');
      return entries;
    };
    await service.clock.advance(225_000);
    expect(service.values.list('')).toHaveLength(2);
    await run(one, 'k2');
    expect(warnings).toBe(1);
  });
});
