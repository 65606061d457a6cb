import { describe, expect, it } from 'vitest';
import type { Bracket } from './interceptor.js';
import { Layers } from './layers.js';
import { localOutcome } from './local-outcome.js';

const OK = localOutcome(0, 'none', 'answered', '');

function noting(seen: string[], name: string, answer = (_call: string) => false): Bracket<string> {
  return {
    before(call) {
      seen.push(`before ${name}`);
      return answer(call) ? OK : undefined;
    },
    after: () => void seen.push(`after ${name}`),
  };
}

describe('layers that look on', () => {
  it('see a call on its way in outermost first, and on its way out innermost first, others in between', async () => {
    const seen: string[] = [];
    const { invoke, names } = Layers.of<string>()
      .around('a', noting(seen, 'a'))
      .around('b', noting(seen, 'b'))
      .inside<string>('c', (next) => async (call) => {
        seen.push('into c');
        const outcome = await next(call);
        seen.push('out of c');
        return outcome;
      })
      .around('d', noting(seen, 'd'))
      .end('e', async () => OK);
    expect(await invoke('call')).toBe(OK);
    expect(names).toEqual(['a', 'b', 'c', 'd', 'e']);
    expect(seen).toEqual([
      ...['before a', 'before b', 'into c', 'before d'],
      ...['after d', 'out of c', 'after b', 'after a'],
    ]);
  });

  it('may answer in the place of those below: only those above see the end', async () => {
    const seen: string[] = [];
    const { invoke } = Layers.of<string>()
      .around('a', noting(seen, 'a'))
      .around(
        'b',
        noting(seen, 'b', (call) => call === 'refused'),
      )
      .end('c', async () => {
        seen.push('c');
        return OK;
      });
    expect(await invoke('refused')).toBe(OK);
    expect(seen).toEqual(['before a', 'before b', 'after a']);
  });
});
