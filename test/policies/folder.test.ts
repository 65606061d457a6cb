import { events, type PolicyEvent, silentLogger, systemClock } from '@micromesh/core';
import { folder, MemoryPolicies, PolicyHolder } from '@micromesh/policy';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { until } from '../failover/until.js';
import { PolicyFolder, virtualService } from './policy-files.js';

let files: PolicyFolder;
let holder: PolicyHolder;
let told: PolicyEvent[];
let unsubscribe: () => void;

beforeEach(() => {
  files = new PolicyFolder();
  told = [];
  unsubscribe = events.policy.subscribe((event) => told.push(event));
});
afterEach(() => {
  holder.close();
  unsubscribe();
  files.end();
});

it('a broken change of a folder keeps the set of before, and what is beside it', async () => {
  files.write('a.yaml', virtualService('a'));
  const parts = { clock: systemClock, logger: silentLogger, keyValues: undefined };
  const beside = new MemoryPolicies([{ file: 'b.yaml', text: virtualService('b') }]);
  holder = new PolicyHolder([await folder(files.path).open(parts), await beside.open(parts)], parts);
  await holder.ready();
  const before = holder.current;
  expect(before.resources.map(({ name }) => name)).toEqual(['a', 'b']);
  files.write('c.yaml', virtualService('c'));
  files.write('a.yaml', virtualService('a', 'soon'));
  await until(() => told.some(({ state }) => state === 'refused'), 'a refusal');
  expect(holder.current).toBe(before);
  expect(told.at(-1)).toMatchObject({
    state: 'refused',
    source: `folder ${files.path}`,
    problems: [expect.stringContaining(`${files.path}/a.yaml:6:12: error: spec.http[0].timeout: "soon"`)],
  });
  const mendedAt = performance.now();
  files.write('a.yaml', virtualService('a', '2s'));
  await until(() => holder.current !== before, 'the mended set');
  process.stderr.write(
    `a folder is in force ${Math.round(performance.now() - mendedAt)} ms after it was written\n`,
  );
  expect(holder.current.resources.map(({ name }) => name)).toEqual(['a', 'c', 'b']);
});
