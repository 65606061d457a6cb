import { expect, it } from 'vitest';
import { virtualService } from '../testing/policy-texts.js';
import { PolicyReader } from './policy-reader.js';
import { readPolicies } from './read-policies.js';

it('reads what stays the same once, and finds what is read at one go', async () => {
  const reader = new PolicyReader();
  const first = await reader.read([virtualService('a'), virtualService('b')]);
  const second = await reader.read([
    virtualService('b', '2s'),
    virtualService('a'),
    virtualService('c', 'soon'),
  ]);
  expect(second.resources.map(({ name }) => name)).toEqual(['b', 'a']);
  expect(second.resources[1]?.document).toBe(first.resources[0]?.document);
  expect(second.resources[0]?.document).not.toBe(first.resources[1]?.document);
  const atOneGo = readPolicies([virtualService('b', '2s'), virtualService('a'), virtualService('c', 'soon')]);
  expect(second.problems).toEqual(atOneGo.problems);
  const moved = await reader.read([{ ...virtualService('a'), line: 5 }]);
  expect(moved.resources[0]?.document.locate([])).toEqual({ line: 5, column: 1 });
});

it('lets others have their turn', async () => {
  let turns = 0;
  const count = setInterval(() => turns++, 1);
  await new PolicyReader().read(Array.from({ length: 300 }, (_, n) => virtualService(`s${n}`)));
  clearInterval(count);
  expect(turns).toBeGreaterThan(3);
});
