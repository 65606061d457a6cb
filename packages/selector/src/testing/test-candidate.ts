import type { ServiceNode } from '@micromesh/core';
import type { Candidate, Standing } from '../candidate.js';

/** A candidate whose state a test may change. */
export interface TestCandidate extends Candidate {
  readonly node: ServiceNode;
  standing: Standing;
  inFlight: number;
  usableSince: number;
}

/** A healthy idle node of weight 1 that has always been there, unless said otherwise. */
export function testCandidate(
  id: string,
  state: Partial<TestCandidate> = {},
  own: Partial<ServiceNode> = {},
): TestCandidate {
  const address = { kind: 'tcp', host: '127.0.0.1', port: 1 } as const;
  return {
    node: { id, address, version: '1', labels: {}, weight: 1, micromesh: true, ...own },
    standing: 'healthy',
    inFlight: 0,
    usableSince: Number.NEGATIVE_INFINITY,
    ...state,
  };
}

/** Half the width of the 99.9 % interval of a share that was counted over `count` draws. */
export function interval(share: number, count: number): number {
  return 3.29 * Math.sqrt((share * (1 - share)) / count);
}
