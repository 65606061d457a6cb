import { RegistryError } from '@micromesh/registry';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { answer, claimed, keyedCall, PREFIX, SharedStoreNodes } from './testing/shared-store-nodes.js';

const never = new AbortController().signal;
let service = new SharedStoreNodes();

beforeEach(() => {
  service = new SharedStoreNodes();
});

afterEach(() => service.closeWhole());

describe('a key-value store that does not answer', () => {
  it('lets nothing run', async () => {
    const one = service.node();
    one.line.fail();
    await expect(one.store.begin(keyedCall(), never)).rejects.toThrow(RegistryError);
  });

  it('keeps no claim of which it said nothing', async () => {
    const [one, other] = [service.node(), service.node()];
    one.line.loseAnswers();
    await expect(one.store.begin(keyedCall(), never)).rejects.toThrow(RegistryError);
    expect(service.record()?.state.kind).toBe('running');
    one.line.mend();
    await service.clock.advance(2_500);
    expect(service.record()).toBeUndefined();
    expect((await other.store.begin(keyedCall(), never)).kind).toBe('run');
  });

  it('gets the end of a call when it is back; the caller does not wait for it', async () => {
    const [one, other] = [service.node(), service.node()];
    const claim = await claimed(one);
    one.line.fail();
    let done = false;
    const completing = claim.complete(answer('kept')).then(() => {
      done = true;
    });
    await service.clock.advance(900);
    expect(done).toBe(false);
    await service.clock.advance(200);
    await completing;
    one.line.mend();
    await service.clock.advance(2_500);
    expect(await other.store.begin(keyedCall(), never)).toEqual({ kind: 'answered', answer: answer('kept') });
  });

  it('gets an answer once, also when it took it without a word', async () => {
    const [one, other] = [service.node(), service.node()];
    const claim = await claimed(one);
    one.line.loseAnswers();
    const completing = claim.complete(answer('kept'));
    await service.clock.advance(1_100);
    await completing;
    one.line.mend();
    await service.clock.advance(2_500);
    expect(await other.store.begin(keyedCall(), never)).toEqual({ kind: 'answered', answer: answer('kept') });
  });

  it('that comes back empty is told again that a call runs', async () => {
    const one = service.node();
    await claimed(one);
    service.values.delete(`${PREFIX}/a`, undefined);
    await service.clock.advance(1_500);
    expect(service.record()?.state.kind).toBe('running');
  });
});
