import type { KeyValueStore } from '@micromesh/registry';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { keyValueIdempotencyStore } from './key-value-idempotency-store.js';
import { answer, claimed, follow, keyedCall, SharedStoreNodes } from './testing/shared-store-nodes.js';

const never = new AbortController().signal;
let service = new SharedStoreNodes();

beforeEach(() => {
  service = new SharedStoreNodes();
});

afterEach(() => service.closeWhole());

describe('all nodes of a service', () => {
  it('give the answer of the one that ran the call', async () => {
    const [one, other] = [service.node(), service.node()];
    const claim = await claimed(one);
    const replay = follow(other);
    await service.clock.advance(5_000);
    expect(replay.verdict).toBeUndefined();
    await claim.complete(answer('once'));
    await service.clock.advance(300);
    expect(replay.verdict).toEqual({ kind: 'answered', answer: answer('once') });
  });

  it('believe a node that runs a long call, as long as it says so', async () => {
    const [one, other] = [service.node(), service.node()];
    const claim = await claimed(one);
    const replay = follow(other);
    await service.clock.advance(60_000);
    expect(replay.verdict).toBeUndefined();
    await claim.complete(answer('slow'));
    await service.clock.advance(300);
    expect(replay.verdict?.kind).toBe('answered');
  });

  it('refuse a call whose node died half-way, and do not run it', async () => {
    const [one, other, third] = [service.node(), service.node(), service.node()];
    await claimed(one);
    one.line.cut();
    const replay = follow(other);
    await service.clock.advance(2_900);
    expect(replay.verdict).toBeUndefined();
    await service.clock.advance(1_000);
    expect(replay.verdict).toMatchObject({ kind: 'unknown', cause: expect.stringContaining('has died') });
    // Whoever comes later need not wait for it again.
    expect(await third.store.begin(keyedCall(), never)).toMatchObject({ kind: 'unknown' });
  });

  it('run such a call again where they are told to, one of them', async () => {
    const [one, other, third] = [service.node(), service.node(), service.node()];
    await claimed(one);
    one.line.cut();
    const replays = [other, third].map((each) => follow(each, keyedCall({ onLostOwner: 'run' })));
    await service.clock.advance(5_000);
    const kinds = replays.map(({ verdict }) => verdict?.kind);
    expect(kinds.sort()).toEqual(['run', undefined]);
  });

  it('take the word of a node that was believed dead and has finished the call', async () => {
    const [one, other] = [service.node(), service.node()];
    const claim = await claimed(one);
    one.line.cut();
    const replay = follow(other);
    await service.clock.advance(5_000);
    expect(replay.verdict?.kind).toBe('unknown');
    one.line.mend();
    await claim.complete(answer('after all'));
    expect(await other.store.begin(keyedCall(), never)).toEqual({
      kind: 'answered',
      answer: answer('after all'),
    });
  });

  it('hear of a node that was cut off for a while that it still runs the call', async () => {
    const [one, other] = [service.node(), service.node()];
    await claimed(one);
    one.line.fail();
    const early = follow(other);
    await service.clock.advance(5_000);
    expect(early.verdict?.kind).toBe('unknown');
    expect(service.record()?.state.kind).toBe('lost');
    one.line.mend();
    await service.clock.advance(1_000);
    expect(service.record()?.state.kind).toBe('running');
  });

  it('keep the answer of the second where a call was run again, whatever the first says later', async () => {
    const [one, other] = [service.node(), service.node()];
    const first = await claimed(one);
    one.line.fail();
    const replay = follow(other, keyedCall({ onLostOwner: 'run' }));
    await service.clock.advance(5_000);
    if (replay.verdict?.kind !== 'run') throw new Error('it was not run again');
    await replay.verdict.claim.complete(answer('second'));
    one.line.mend();
    await first.complete(answer('first'));
    await service.clock.advance(5_000);
    expect(await other.store.begin(keyedCall(), never)).toEqual({
      kind: 'answered',
      answer: answer('second'),
    });
  });

  it('do not call a node dead while the store itself does not answer', async () => {
    const [one, other] = [service.node(), service.node()];
    await claimed(one);
    const replay = follow(other);
    await service.clock.advance(500);
    one.line.fail();
    other.line.fail();
    await service.clock.advance(20_000);
    expect(replay).toEqual({ verdict: undefined, error: undefined });
    one.line.mend();
    await service.clock.advance(1_500);
    other.line.mend();
    await service.clock.advance(2_000);
    expect(replay).toEqual({ verdict: undefined, error: undefined });
  });

  it('do not add up silences with an outage of the store between them', async () => {
    const [one, other] = [service.node(), service.node()];
    await claimed(one);
    const replay = follow(other);
    one.line.fail();
    await service.clock.advance(2_500);
    other.line.fail();
    // The node's next word is due 900 ms after the store is back.
    await service.clock.advance(20_600);
    one.line.mend();
    other.line.mend();
    await service.clock.advance(3_000);
    expect(replay.verdict).toBeUndefined();
  });

  it('do not call a node dead because they stood still themselves', async () => {
    const [one, other] = [service.node(), service.node()];
    await claimed(one);
    const replay = follow(other);
    await service.clock.advance(500);
    one.line.fail();
    service.clock.standStill(30_000);
    await service.clock.advance(500);
    one.line.mend();
    await service.clock.advance(2_000);
    expect(replay.verdict).toBeUndefined();
  });
});

it('a registry without a key-value store is refused with what to use', () => {
  const none: KeyValueStore | undefined = undefined;
  expect(() => keyValueIdempotencyStore(none)).toThrow(/this registry has none; use the registry consul/);
});

it('a registry in place of its key-value store is refused with what to give', () => {
  const registry: object = { keyValues: undefined };
  expect(() => keyValueIdempotencyStore(registry as KeyValueStore)).toThrow(
    /a registry.*give its store: keyValueIdempotencyStore\(registry\.keyValues\)/,
  );
});
