import type { Clock } from '@micromesh/core';
import type { PlannedCall } from '../call/client-call.js';
import type { NodeHandle } from '../nodes/node-handle.js';
import { CAUTIOUS_ANSWER_MS, type Verdict } from '../nodes/question.js';
import { pickFor } from './pick-for.js';
import { type Found, waitForNode } from './wait-for-node.js';

/**
 * How long a call waits for a node's word before it goes there all the same: an answer takes some 2 ms, but where nine of ten
 * processes of a machine are killed, some 150 ms pass until the last of their sockets is closed.
 */
const WORD_MS = { min: 20, max: 300 };

/** A live node is worth this share of what a call has left. */
const WORD_RATIO = 0.3;

/**
 * The node of a call that has lost one. What took that one (a rack, a bad release) may have taken others too, whose
 * connections say so only some milliseconds later; a call with its last attempt to spend asks before it spends it.
 *
 * @param lostAt - when the node was lost: only what a node was asked after that proves anything.
 */
export async function nodeThatAnswers(call: PlannedCall, lostAt: number, clock: Clock): Promise<Found> {
  const untilMs = clock.now() + wordMs(call, clock);
  const asked = new Set<NodeHandle>();
  for (;;) {
    const pick = pickFor(call, clock);
    if (pick.kind !== 'node') return waitForNode(call, pick, clock);
    const handle = pick.candidate;
    if (handle.provedAt >= lostAt) return { handle };
    const leftMs = untilMs - clock.now();
    // Nothing better than one that has not answered: there is none.
    if (leftMs <= 0 || asked.has(handle)) return { handle };
    asked.add(handle);
    const verdict = await wordOf(call, handle, leftMs / 2, clock);
    if (call.over !== undefined) return { outcome: call.over };
    // Slow to answer: it may merely be busy, and another may not be.
    if (verdict === 'alive') return { handle };
  }
}

function wordMs(call: PlannedCall, clock: Clock): number {
  const shareMs = (call.deadline - clock.now()) * WORD_RATIO;
  return Math.max(WORD_MS.min, Math.min(WORD_MS.max, shareMs));
}

/** What a node says; undefined: nothing within the time, for which it is not judged. */
async function wordOf(
  call: PlannedCall,
  handle: NodeHandle,
  waitMs: number,
  clock: Clock,
): Promise<Verdict | undefined> {
  let verdict: Verdict | undefined;
  await call.sleep((wake) => {
    const timer = clock.setTimer(waitMs, wake);
    void handle.ask(CAUTIOUS_ANSWER_MS).then((word) => {
      verdict = word;
      wake();
    });
    return () => timer.cancel();
  }, true);
  return verdict;
}
