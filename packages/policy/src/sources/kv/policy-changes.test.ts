import { describe, expect, it } from 'vitest';
import { virtualService } from '../../testing/policy-texts.js';
import { changesAnything, policyChanges, withResources } from './policy-changes.js';
import { cutResources, resourceId } from './stored-resource.js';

const { text } = virtualService('a');

describe('changes of a set of resources', () => {
  it('are told one by one', () => {
    const before = cutResources([
      virtualService('a'),
      virtualService('b'),
      virtualService('c'),
      virtualService('d'),
    ]);
    const after = cutResources([
      virtualService('a'),
      virtualService('b', '2s'),
      virtualService('c', '1s', 'elsewhere.yaml'),
      virtualService('e'),
    ]);
    const changes = policyChanges(before, after);
    expect(changes.map(({ change, before: old, after: now }) => [change, (now ?? old)?.name])).toEqual([
      ['unchanged', 'a'],
      ['changed', 'b'],
      ['moved', 'c'],
      ['deleted', 'd'],
      ['created', 'e'],
    ]);
    expect(changesAnything(changes)).toBe(true);
    expect(changesAnything(policyChanges(before, before))).toBe(false);
  });

  it('replace what has the same kind, namespace and name', () => {
    const before = cutResources([virtualService('b'), virtualService('a')]);
    const set = withResources(before, cutResources([virtualService('a', '2s')]));
    expect(set.map(resourceId)).toEqual(['VirtualService default/a', 'VirtualService default/b']);
    expect(set[0]?.text).toContain('2s');
  });
});

describe('a text of several resources', () => {
  it('is cut into them, each with its own words and line', () => {
    const all = `# first\n${text}---\n# only words\n---\n\n${text.replace('name: a', 'name: b')}# end of b`;
    const cut = cutResources([{ file: 'x.yaml', text: all }]);
    expect(cut.map(({ name, line }) => [name, line])).toEqual([
      ['a', 1],
      ['b', 12],
    ]);
    expect(cut[0]?.text).toBe(`# first\n${text}`);
    expect(cut[1]?.text).toMatch(/^apiVersion[\s\S]*# end of b\n$/);
  });

  it('may be a List, whose resources are written anew', () => {
    const list = `kind: List\napiVersion: v1\nitems:\n  - ${text.trimEnd().replaceAll('\n', '\n    ')}\n  - ${text.replace('name: a', 'name: b').trimEnd().replaceAll('\n', '\n    ')}\n`;
    const cut = cutResources([{ file: 'x.yaml', text: list }]);
    expect(cut.map(({ name, line }) => [name, line])).toEqual([
      ['a', 4],
      ['b', 10],
    ]);
    expect(cut[1]?.text).toMatch(
      /^apiVersion: networking.istio.io\/v1\nkind: VirtualService\nmetadata:\n {2}name: b\nspec:/,
    );
  });
});
