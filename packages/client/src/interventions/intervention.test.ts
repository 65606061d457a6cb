import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  checkIntervention,
  formatIntervention,
  type Intervention,
  interventionKey,
  interventionPrefix,
  readIntervention,
  wordsOf,
} from './intervention.js';

const HELLO = { name: 'hello' };
const AT = Date.parse('2026-01-01T10:00:00Z');
const GOOD: Intervention = {
  nodeId: 'hello-a',
  who: 'anna',
  why: 'disk full',
  atMs: AT,
  untilMs: AT + 600_000,
};

function problemOf(value: string, key = interventionKey(HELLO, 'hello-a')): string | undefined {
  const record = readIntervention(HELLO, key, value);
  return record?.kind === 'unreadable' ? record.problem : undefined;
}

const written = (change: object) => JSON.stringify({ ...JSON.parse(formatIntervention(GOOD)), ...change });

describe('the record of a manual ejection', () => {
  it('is JSON that people can read, under a key that names service and node', () => {
    expect(interventionKey(HELLO, 'hello-a')).toBe('micromesh/interventions/hello/hello-a');
    expect(JSON.parse(formatIntervention(GOOD))).toEqual({
      action: 'eject',
      who: 'anna',
      why: 'disk full',
      at: '2026-01-01T10:00:00.000Z',
      until: '2026-01-01T10:10:00.000Z',
    });
    expect(wordsOf(GOOD)).toBe('ejected by anna until 2026-01-01T10:10:00.000Z: disk full');
  });

  it('is read as it was written, whatever service and node are called', () => {
    const name = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(name, name, fc.option(name, { nil: undefined }), (service, nodeId, datacenter) => {
        const key = datacenter === undefined ? { name: service } : { name: service, datacenter };
        const intervention = { ...GOOD, nodeId };
        const place = interventionKey(key, nodeId);
        expect(place.split('/')).toHaveLength(4);
        expect(place.split('/').some((part) => /^\.*$/.test(part))).toBe(false);
        expect(readIntervention(key, place, formatIntervention(intervention))).toEqual({
          kind: 'intervention',
          intervention,
        });
      }),
    );
  });

  it.each([
    ['', 'is no JSON object'],
    ['[]', 'is no JSON object'],
    ['null', 'is no JSON object'],
    [written({ action: 'drain' }), "has another action than 'eject'"],
    [written({ who: 7 }), 'does not say who and why'],
    [written({ why: '' }), 'has a why that is empty'],
    [written({ who: 'x'.repeat(201) }), 'has a who that is longer than 200 characters'],
    [written({ why: '\u001b[2J' }), 'has a why that has characters that cannot be printed'],
    [written({ until: 'tomorrow' }), 'has no times in at and until, as in 2026-01-01T10:00:00Z'],
    [written({ until: '2026-99-01T10:00:00Z' }), 'has no times in at and until, as in 2026-01-01T10:00:00Z'],
    [written({ until: '2026-01-01T10:00:00Z' }), 'has a until that is not after its beginning'],
  ])('that nobody can follow says why: %s', (value, problem) => {
    expect(problemOf(value)).toBe(problem);
  });

  it.each(['a/b', '%zz', '%61', '..'])('is refused under a key that names no node: %s', (part) => {
    const problem = problemOf(formatIntervention(GOOD), interventionPrefix(HELLO) + part);
    expect(problem).toBe('has a key that names no node');
  });

  it('may lie in a folder', () => {
    expect(readIntervention(HELLO, interventionPrefix(HELLO), '')).toBeUndefined();
  });

  it('never throws, whatever lies there', () => {
    fc.assert(
      fc.property(fc.string(), fc.oneof(fc.string(), fc.json()), (part, value) => {
        readIntervention(HELLO, interventionPrefix(HELLO) + part, value);
      }),
    );
  });

  it('is checked before it is written', () => {
    expect(() => checkIntervention(GOOD)).not.toThrow();
    expect(() => checkIntervention({ ...GOOD, why: ' ' })).toThrow(
      'why: " " is empty; say it in a few words',
    );
    expect(() => checkIntervention({ ...GOOD, untilMs: AT })).toThrow('until');
  });
});
