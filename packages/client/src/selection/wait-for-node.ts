import { status } from '@grpc/grpc-js';
import { type Clock, MAX_TIMER_MS, type Outcome } from '@micromesh/core';
import { describeFilter, type Pick } from '@micromesh/selector';
import type { PlannedCall } from '../call/client-call.js';
import { localOutcome } from '../chain/local-outcome.js';
import type { NodeHandle } from '../nodes/node-handle.js';
import { pickerFor, pickFor } from './pick-for.js';

/**
 * How long a call waits for a connection where none is there, before it fails: half of the time that it has, within these. A
 * process that was killed and started again is back in that time; a fleet that is gone is not waited for to the deadline.
 */
const CONNECT_WAIT_MS = { min: 1000, max: 2500 };

/** The node for an attempt, or what the call ends with for want of one. */
export type Found = { readonly handle: NodeHandle } | { readonly outcome: Outcome };

/**
 * Waits until a node can be picked, as long as there is hope of one, and as an operator lets so many calls wait where none is connected.
 *
 * @param first - the pick that gave none.
 */
export function waitForNode(call: PlannedCall, first: Pick<NodeHandle>, clock: Clock): Promise<Found> {
  const { pending } = call.to;
  if (pending === undefined || !waitsForAny(call, first)) return wait(call, first, clock);
  if (!pending.tryEnter()) return Promise.resolve({ outcome: tooManyWait(call, pending.max) });
  return wait(call, first, clock).finally(() => pending.leave());
}

/** Whether it is for want of a connection that the call waits, and not for a better one, or for nothing. */
function waitsForAny(call: PlannedCall, pick: Pick<NodeHandle>): boolean {
  if (pick.kind === 'wait') return pick.for === 'any';
  return pick.kind === 'none' && (call.plan.waitForReady || whyNone(call) === undefined);
}

async function wait(call: PlannedCall, first: Pick<NodeHandle>, clock: Clock): Promise<Found> {
  let giveUpAt: number | undefined;
  let pick = first;
  while (pick.kind !== 'node') {
    const refusal = pick.kind === 'none' ? whyNone(call) : undefined;
    if (refusal !== undefined && !call.plan.waitForReady) return { outcome: refusal };
    // Where the registry has not spoken nothing can be said of the service: the call's deadline bounds the wait.
    if (pick.kind === 'wait') giveUpAt ??= clock.now() + connectWaitMs(call, pick, clock);
    const until = giveUpAt ?? Number.POSITIVE_INFINITY;
    if (clock.now() >= until) {
      const tried = pickerFor(call).pickConnected(call.hashKey, clock.now());
      return tried?.kind === 'node' ? { handle: tried.candidate } : { outcome: notConnected(call) };
    }
    call.waitsFor = whatFor(call, pick);
    await call.sleep((wake) => {
      // A timer in any case, so that a waiting call keeps the process running.
      const timer = clock.setTimer(Math.min(MAX_TIMER_MS, until - clock.now()), wake);
      const off = call.to.nodes.onceChanged(wake);
      return () => {
        timer.cancel();
        off();
      };
    }, true);
    call.waitsFor = undefined;
    if (call.over !== undefined) return { outcome: call.over };
    pick = pickFor(call, clock);
  }
  return { handle: pick.candidate };
}

/** Where a node that was tried is connected the wait is short: there is somewhere to go. */
function connectWaitMs(call: PlannedCall, pick: Pick<NodeHandle>, clock: Clock): number {
  if (call.plan.waitForReady) return Number.POSITIVE_INFINITY;
  const { min, max } = CONNECT_WAIT_MS;
  if (pick.kind === 'wait' && pick.for === 'untried') return min;
  return Math.max(min, Math.min(max, (call.deadline - clock.now()) / 2));
}

function whatFor(call: PlannedCall, pick: Pick<NodeHandle>): PlannedCall['waitsFor'] {
  const { name, nodes } = call.to;
  const state = nodes.registryState;
  if (pick.kind === 'none' && state.kind === 'unknown') {
    const error = state.error ?? `${nodes.registry} has not answered`;
    const what = `the registry's word on service ${name} (${error}); see that a registry runs there`;
    return { what, reason: 'registryUnknown' };
  }
  return { what: `a connected node of ${name}: ${causes(call)}`, reason: 'noNode' };
}

/** The refusal where the registry has spoken and no node fits; undefined while it has not. */
function whyNone(call: PlannedCall): Outcome | undefined {
  const { name, nodes } = call.to;
  const registered = [...nodes.handles].length;
  if (registered > 0) {
    const { filter, strategy } = call.plan;
    const parts = [describeFilter(filter)];
    if (strategy.locality?.kind === 'shares')
      parts.push('in a locality that its DestinationRule has a share for');
    const wanted = parts.filter((part) => part !== '').join(', ');
    const details = `no node of ${name} matches ${wanted}: ${registered} registered; loosen the filter or start such a node`;
    return localOutcome(status.UNAVAILABLE, 'noNode', call.delivery, details);
  }
  if (nodes.registryState.kind === 'unknown') return undefined;
  const details = `no node of ${name} is registered at ${nodes.registry}; start one, or check the service's name`;
  return localOutcome(status.UNAVAILABLE, 'noNode', 'unsent', details);
}

/** Envoy's answer where its queue for connections is full. */
function tooManyWait(call: PlannedCall, max: number): Outcome {
  const { resource = '', path = '' } =
    call.plan.way?.traffic.connectionPool?.maxPendingRequests?.origin ?? {};
  const details = `${max} call${max === 1 ? '' : 's'} to ${call.to.name} wait${max === 1 ? 's' : ''} for a connection, and no more may (${resource} ${path}): ${causes(call)}`;
  return localOutcome(status.UNAVAILABLE, 'concurrency', call.delivery, details);
}

function notConnected(call: PlannedCall): Outcome {
  const details = `no node of ${call.to.name} is connected: ${causes(call)}`;
  return localOutcome(status.UNAVAILABLE, 'noNode', call.delivery, details);
}

function causes(call: PlannedCall): string {
  const all = pickerFor(call).matching.map(
    (handle) => `${handle.node.id} ${handle.address} ${handle.cause === '' ? handle.standing : handle.cause}`,
  );
  return all.length === 0 ? 'none is registered' : all.join('; ');
}
