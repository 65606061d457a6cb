import { expect, test } from 'vitest';
import { ExecutionCounter } from './execution-counter.js';

test('ExecutionCounter counts a call that was executed three times once, and forgets old calls', () => {
  const counter = new ExecutionCounter();
  for (const call of ['old', 'twice', 'twice', 'twice']) counter.add(call);
  expect(counter).toMatchObject({ total: 4, twice: 1 });
  for (let index = 0; index < 50_000; index++) counter.add(`call-${index}`);
  counter.add('old');
  expect(counter).toMatchObject({ total: 50_005, twice: 1 });
});
