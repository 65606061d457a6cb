import { type Estimate, estimateMedian, median } from '../statistics.js';
import { MAX_EXTRA_US, type RouteContender } from './route-contenders.js';
import type { Pairs, RoutesOptions } from './run-routes.js';

/** What calls cost under one set of policies; the nodes are in the same process. */
export interface RouteResult {
  readonly id: string;
  readonly name: string;
  /** CPU a call, in microseconds: medians of the slices. */
  readonly withoutUs: number;
  readonly withUs: number;
  /** How much more it is with policies in the same pair of slices, in microseconds: median and 95 % interval. */
  readonly extraUs: Estimate;
  /** The most that it may be. */
  readonly maxExtraUs: number;
  /** Whether it is; not where nothing was measured. */
  readonly ok: boolean;
}

/** What a run came to. */
export interface RoutesResult {
  readonly node: string;
  readonly options: RoutesOptions;
  readonly policies: readonly RouteResult[];
  readonly ok: boolean;
}

/** Sums up a run. */
export function summariseRoutes(
  contenders: readonly RouteContender[],
  pairs: Pairs,
  options: RoutesOptions,
): RoutesResult {
  const policies = contenders.map(({ id, name }): RouteResult => {
    const own = pairs.get(id) ?? [];
    const extraUs = estimateMedian(own.map(({ withUs, withoutUs }) => withUs - withoutUs));
    return {
      ...{ id, name, extraUs, maxExtraUs: MAX_EXTRA_US },
      withoutUs: median(own.map(({ withoutUs }) => withoutUs)),
      withUs: median(own.map(({ withUs }) => withUs)),
      ok: extraUs.median <= MAX_EXTRA_US,
    };
  });
  return { node: process.version, options, policies, ok: policies.every(({ ok }) => ok) };
}
