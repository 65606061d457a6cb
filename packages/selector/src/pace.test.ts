import { expect, it } from 'vitest';
import { Pace } from './pace.js';

it('a pace says that it is time once a while, and never where it is endless', () => {
  const pace = new Pace(100);
  const times = Array.from({ length: 50 }, (_, index) => index * 10).filter((now) => pace.isTime(now));
  expect(times).toEqual([0, 100, 200, 300, 400]);
  expect(new Pace(Number.POSITIVE_INFINITY).isTime(0)).toBe(false);
});
