import { type Random, seededRandom } from '@micromesh/core';
import { describe, expect, it } from 'vitest';
import { helloRules, helloTable, virtualService } from '../testing/policies.js';
import { drawFault } from './fault-rule.js';
import { drawMirrors } from './mirror.js';
import type { RouteRule } from './route-rule.js';

const TO = 'route: [{ destination: { host: hello } }]';
const CALLS = 10_000;

function ruleWith(fields: string, metadata = ''): RouteRule {
  const rule = `{ name: r, ${TO}, ${fields} }`;
  const text =
    metadata === '' ? helloRules(rule) : virtualService('hello', 'hosts: [hello]', [rule], metadata);
  const [only] = helloTable(text).rules;
  if (only === undefined) throw new Error('no rule');
  return only;
}

/** Half of the 99.9 % interval of a share. */
function margin(ratio: number): number {
  return 3.2905 * Math.sqrt(ratio * (1 - ratio) * CALLS);
}

const DELAY = (percent: number) => `delay: { fixedDelay: 2s, percentage: { value: ${percent} } }`;
const ABORT = (percent: number) => `abort: { grpcStatus: UNAVAILABLE, percentage: { value: ${percent} } }`;

describe('faults', () => {
  it('hit their shares of the calls, each drawn by itself', () => {
    const { fault, chance } = ruleWith(`fault: { ${DELAY(30)}, ${ABORT(20)} }`);
    const random = seededRandom(3);
    const counts = { delay: 0, abort: 0, both: 0 };
    for (let at = 0; at < CALLS; at++) {
      const { delay, abort } = drawFault(fault, chance, random);
      if (delay !== undefined) counts.delay++;
      if (abort !== undefined) counts.abort++;
      if (delay !== undefined && abort !== undefined) counts.both++;
    }
    expect(Math.abs(counts.delay - 0.3 * CALLS)).toBeLessThanOrEqual(margin(0.3));
    expect(Math.abs(counts.abort - 0.2 * CALLS)).toBeLessThanOrEqual(margin(0.2));
    expect(Math.abs(counts.both - 0.06 * CALLS)).toBeLessThanOrEqual(margin(0.06));
  });

  it('hit all at 100 %, none at 0 %, and none where the percentage is silent', () => {
    const { fault: all, chance } = ruleWith(`fault: { ${DELAY(100)}, ${ABORT(100)} }`);
    const { fault: none } = ruleWith(`fault: { ${DELAY(0)}, abort: { grpcStatus: ABORTED } }`);
    for (const value of [0, 0.5, 1 - Number.EPSILON]) {
      expect(drawFault(all, chance, () => value)).toMatchObject({
        delay: { delayMs: 2000 },
        abort: { code: 14 },
      });
      expect(drawFault(none, chance, () => value)).toEqual({ delay: undefined, abort: undefined });
    }
    expect(drawFault(undefined, chance, () => 0)).toEqual({ delay: undefined, abort: undefined });
  });

  it('are counted in steps of 0.0001 %, rounded down', () => {
    const { fault } = ruleWith(`fault: { ${DELAY(0.00019)}, ${ABORT(0.0003)} }`);
    expect(fault?.delay?.ratio.value).toBe(0.000001);
    expect(fault?.abort?.ratio.value).toBe(0.000003);
  });

  it.each([
    [503, 14],
    [429, 14],
    [404, 12],
    [400, 13],
    [401, 16],
    [403, 7],
    [500, 2],
  ])('with the HTTP status %i end with the gRPC status %i', (httpStatus, code) => {
    const { fault } = ruleWith(`fault: { abort: { httpStatus: ${httpStatus}, percentage: { value: 1 } } }`);
    expect(fault?.abort).toMatchObject({ code, httpStatus });
  });
});

describe('mirrors', () => {
  it('get their shares of the calls, each drawn by itself', () => {
    const { mirrors, chance } = ruleWith(
      'mirrors: [{ destination: { host: a }, percentage: { value: 50 } }, { destination: { host: b }, percentage: { value: 12.5 } }, ' +
        '{ destination: { host: c } }, { destination: { host: d }, percentage: { value: 0 } }]',
    );
    const random = seededRandom(5);
    const counts = new Map<string, number>();
    for (let at = 0; at < CALLS; at++) {
      for (const { service } of drawMirrors(mirrors, chance, random)) {
        counts.set(service.name, (counts.get(service.name) ?? 0) + 1);
      }
    }
    expect(Math.abs((counts.get('a') ?? 0) - 0.5 * CALLS)).toBeLessThanOrEqual(margin(0.5));
    expect(Math.abs((counts.get('b') ?? 0) - 0.125 * CALLS)).toBeLessThanOrEqual(margin(0.125));
    expect(counts.get('c')).toBe(CALLS);
    expect(counts.has('d')).toBe(false);
  });

  it('are one with mirrorPercentage, all calls where it is silent', () => {
    expect(ruleWith('mirror: { host: a }').mirrors).toMatchObject([
      { target: { service: { name: 'a' } }, ratio: { value: 1, origin: { isDefault: true } } },
    ]);
    expect(ruleWith('mirror: { host: a, subset: v1 }, mirrorPercentage: { value: 5 }').mirrors).toMatchObject(
      [
        {
          target: { subset: 'v1' },
          ratio: { value: 0.05, origin: { path: 'spec.http[0].mirrorPercentage' } },
        },
      ],
    );
    expect(ruleWith('mirror: { host: a }, mirrorPercentage: { value: 0 }').mirrors).toEqual([]);
  });
});

describe('a seed', () => {
  const SEED = (seed: number) => `, annotations: { micromesh.io/seed: "${seed}" }`;

  function delayed(fields: string, metadata: string, random: Random): readonly boolean[] {
    const { fault, chance } = ruleWith(fields, metadata);
    return Array.from({ length: 200 }, () => drawFault(fault, chance, random).delay !== undefined);
  }

  it('makes draws repeatable, whatever else the rule draws', () => {
    const once = delayed(`fault: { ${DELAY(50)} }`, SEED(1), seededRandom(1));
    expect(delayed(`fault: { ${DELAY(50)} }`, SEED(1), seededRandom(2))).toEqual(once);
    expect(delayed(`fault: { ${DELAY(50)}, ${ABORT(50)} }`, SEED(1), seededRandom(3))).toEqual(once);
    expect(delayed(`fault: { ${DELAY(50)} }`, SEED(2), seededRandom(1))).not.toEqual(once);
  });

  it('leaves kinds of draws apart', () => {
    const { fault, chance } = ruleWith(`fault: { ${DELAY(50)}, ${ABORT(50)} }`, SEED(1));
    const pairs = Array.from({ length: 200 }, () => drawFault(fault, chance, () => 0));
    expect(pairs.some(({ delay, abort }) => (delay === undefined) !== (abort === undefined))).toBe(true);
  });
});
