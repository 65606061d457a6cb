import { expect, test } from 'vitest';
import { ExecutionCounter } from './execution-counter.js';

function play(counter: ExecutionCounter, id: string, effects: number): void {
  counter.started(id);
  for (let index = 0; index < effects; index++) counter.executed(id);
  counter.ended(id);
}

test('ExecutionCounter counts a call that was executed three times once, and forgets old calls', () => {
  const counter = new ExecutionCounter();
  play(counter, 'old', 1);
  play(counter, 'twice', 3);
  expect(counter).toMatchObject({ total: 4, twice: 1, inFlight: 0 });
  for (let index = 0; index < 50_000; index++) play(counter, `call-${index}`, 1);
  counter.executed('old');
  expect(counter).toMatchObject({ total: 50_004, twice: 1 });
});

test('ExecutionCounter counts executions when their call has ended, and those of calls by others apart', () => {
  const counter = new ExecutionCounter();
  counter.started('own');
  counter.executed('own');
  counter.executed('curl');
  expect(counter).toMatchObject({ total: 0, inFlight: 1, ofOthers: 1, twice: 0 });
  counter.ended('own');
  expect(counter).toMatchObject({ total: 1, inFlight: 0, ofOthers: 1 });
  counter.executed('own');
  expect(counter).toMatchObject({ total: 2, twice: 1 });
});
