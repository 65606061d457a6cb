import { type Clock, events, type Places, type ServiceKey } from '@micromesh/core';
import type { LimitCounters } from './limit-counters.js';
import { type LimitedCall, takeTokens } from './rate-counter.js';

/**
 * Tells, as an event, which limits in dry-run would have refused a call that begins. Each is looked at as if it alone counted; a call that
 * would have waited for a place takes it when one is left.
 *
 * @returns what the call leaves when it ends; undefined: it holds nothing.
 */
export function wouldRefuse(
  { dryRun }: LimitCounters,
  service: ServiceKey,
  call: LimitedCall,
  clock: Clock,
): (() => void) | undefined {
  const counted = dryRun.of(service, call);
  if (counted === undefined) return undefined;
  for (const rate of counted.rates) {
    if (takeTokens([rate], call, clock.now()) !== undefined) tell(rate.rule.resource, service, call);
  }
  if (counted.places.length === 0) return undefined;
  const leaves: (() => void)[] = [];
  for (const counter of counted.places) {
    const leave = occupy(counter.placesOf(call.method));
    if (leave === undefined) tell(counter.rule.resource, service, call);
    else leaves.push(leave);
  }
  return () => {
    for (const leave of leaves) leave();
  };
}

function occupy(places: Places): (() => void) | undefined {
  if (places.tryEnter()) return () => places.leave();
  let hasPlace = false;
  const leaveLine = places.tryWait(() => {
    hasPlace = true;
  });
  return leaveLine && (() => (hasPlace ? places.leave() : leaveLine()));
}

function tell(resource: string, service: ServiceKey, { method }: LimitedCall): void {
  if (!events.dryRun.heard) return;
  events.dryRun.publish({ service, method: method.path, resource, effect: 'refuse' });
}
