import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readGrpcTimeout } from './grpc-timeout.js';

describe('readGrpcTimeout', () => {
  it.each([
    ['500m', 500],
    ['5S', 5_000],
    ['2M', 120_000],
    ['1H', 3_600_000],
    ['2500000u', 2_500],
    ['99999999n', 99.999999],
  ])('reads %s as %d ms', (header, ms) => {
    expect(readGrpcTimeout(header)).toBeCloseTo(ms, 9);
  });

  it('is never less than a millisecond, which the mesh would refuse', () => {
    expect(readGrpcTimeout('0m')).toBe(1);
    expect(readGrpcTimeout('5n')).toBe(1);
  });

  it.each(['', '5', 'S', '5s', '-5S', '1.5S', '123456789m', '5S,6S', ' 5S'])(
    'refuses %j and says what fits',
    (header) => {
      expect(() => readGrpcTimeout(header)).toThrow('is no timeout; write 500m for 500 ms or 5S for 5 s');
    },
  );

  it('gives a finite positive number, or refuses, whatever the header', () => {
    fc.assert(
      fc.property(fc.string(), (header) => {
        try {
          const ms = readGrpcTimeout(header);
          return Number.isFinite(ms) && ms >= 1;
        } catch (error) {
          return error instanceof Error && error.name === 'GatewayError';
        }
      }),
    );
  });
});
