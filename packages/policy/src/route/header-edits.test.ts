import { describe, expect, it } from 'vitest';
import { helloRules, helloTable } from '../testing/policies.js';
import { applyHeaderEdits, compileHeaderEdits, type HeaderStore, NO_EDITS } from './header-edits.js';

function store(initial: Readonly<Record<string, readonly string[]>>): HeaderStore & {
  readonly values: Map<string, readonly string[]>;
} {
  const values = new Map(Object.entries(initial));
  return {
    values,
    set: (name, value) => values.set(name, [value]),
    add: (name, value) => values.set(name, [...(values.get(name) ?? []), value]),
    remove: (name) => values.delete(name),
  };
}

describe('header operations', () => {
  it('remove, then set, then add, as Envoy does', () => {
    const headers = store({ 'x-gone': ['1'], 'x-set': ['1', '2'], 'x-add': ['1'], 'x-both': ['1', '2'] });
    const edits = compileHeaderEdits({
      set: { 'X-Set': 'new' },
      add: { 'x-add': '2', 'x-both': '3', 'x-set': 'more' },
      remove: ['X-Gone', 'x-both'],
    });
    applyHeaderEdits(edits, headers);
    expect(Object.fromEntries(headers.values)).toEqual({
      'x-set': ['new', 'more'],
      'x-add': ['1', '2'],
      'x-both': ['3'],
    });
  });

  it('that do nothing are one object', () => {
    expect(compileHeaderEdits(undefined)).toBe(NO_EDITS);
    expect(compileHeaderEdits({ set: { host: 'a' } })).toBe(NO_EDITS);
  });

  it('on host or :authority rewrite the authority, of the rule or of a destination', () => {
    const rules = helloTable(
      helloRules(
        '{ route: [{ destination: { host: hello } }], headers: { request: { set: { ":authority": a } } }, match: [{ port: 1 }] }',
        '{ route: [{ destination: { host: hello }, headers: { request: { set: { Host: b, x-a: c } } } }] }',
      ),
    ).rules;
    expect(rules[0]?.authority?.value).toBe('a');
    expect(rules[0]?.request.value).toBe(NO_EDITS);
    const action = rules[1]?.action;
    if (action?.kind !== 'route') throw new Error('no route');
    expect(action.destinations.all[0]).toMatchObject({ authority: 'b', request: { set: [['x-a', 'c']] } });
    expect(rules[1]?.authority).toBeUndefined();
  });
});
