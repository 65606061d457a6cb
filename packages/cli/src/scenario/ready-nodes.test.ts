import { FakeClock } from '@micromesh/core/testing';
import { describe, expect, test } from 'vitest';
import { ReadyNodes } from './ready-nodes.js';

describe('ReadyNodes', () => {
  test('waits until a node is ready', async () => {
    const nodes = new ReadyNodes(new FakeClock());
    const ready = nodes.wait('a', 1_000);
    nodes.changed('b', 'ready');
    nodes.changed('a', 'connecting');
    nodes.changed('a', 'ready');
    await expect(ready).resolves.toBeUndefined();
    await expect(nodes.wait('a', 1_000)).resolves.toBeUndefined();
  });

  test('rejects a node that is not ready in time, or was once', async () => {
    const clock = new FakeClock();
    const nodes = new ReadyNodes(clock);
    nodes.changed('a', 'ready');
    nodes.changed('a', 'down');
    const late = expect(nodes.wait('a', 1_000)).rejects.toThrow('a is not connected after 1000 ms');
    await clock.advance(1_000);
    await late;
  });
});
