import { expect, test } from 'vitest';
import { ROUTE_CONTENDERS } from './route-contenders.js';
import { summariseRoutes } from './routes-result.js';
import { ROUTES_DEFAULTS } from './run-routes.js';

const [contender] = ROUTE_CONTENDERS;

function extraOf(extraUs: readonly number[]) {
  const contenders = contender === undefined ? [] : [contender];
  // What the machine does meanwhile falls on both slices of a pair.
  const pairs = extraUs.map((extra, at) => ({ withoutUs: 20 + 10 * at, withUs: 20 + 10 * at + extra }));
  return summariseRoutes(contenders, new Map([['paths', pairs]]), ROUTES_DEFAULTS);
}

test('what policies cost is the median of what is more in each pair', () => {
  const { policies, ok } = extraOf([1, 1.5, 2, 2.5, 90]);
  expect(policies[0]).toMatchObject({ id: 'paths', withoutUs: 40, withUs: 42, ok: true });
  expect(policies[0]?.extraUs.median).toBe(2);
  expect(ok).toBe(true);
});

test('more than 2 us is too much, and so is nothing measured', () => {
  expect(extraOf([2.1, 2.1, 2.1]).ok).toBe(false);
  expect(extraOf([]).ok).toBe(false);
});
