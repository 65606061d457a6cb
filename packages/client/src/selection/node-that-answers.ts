import type { Clock } from '@micromesh/core';
import type { PlannedCall } from '../call/client-call.js';
import type { NodeHandle } from '../nodes/node-handle.js';
import { CAUTIOUS_ANSWER_MS } from '../nodes/question.js';
import { pickerFor, pickFor } from './pick-for.js';
import { type Found, waitForNode } from './wait-for-node.js';

/**
 * How long a call waits for a node's word before it goes there all the same: an answer takes some 2 ms, but where nine of ten
 * processes of a machine are killed, some 150 ms pass until the last of their sockets is closed.
 */
const WORD_MS = { min: 20, max: 300 };

/** A live node is worth this share of what a call has left. */
const WORD_RATIO = 0.3;

/**
 * The node of a call that has lost one, or that has an attempt on a slow one. What took that one (a rack, a bad release) may have taken others
 * too, whose connections say so only some milliseconds later; a call with its last attempt to spend asks before it spends it: the
 * node that is next, and where that one has no word in half of the time, all others at once.
 */
export async function nodeThatAnswers(call: PlannedCall, clock: Clock): Promise<Found> {
  const untilMs = clock.now() + wordMs(call, clock);
  let asksAll = false;
  for (;;) {
    const pick = pickFor(call, clock);
    if (pick.kind !== 'node') return waitForNode(call, pick, clock);
    const next = pick.candidate;
    if (isProven(call, next)) return { handle: next };
    const leftMs = untilMs - clock.now();
    const asked = asksAll ? inQuestion(call) : [next];
    // Nothing better than one that has not answered: there is none.
    if (leftMs <= 0 || asked.length === 0) return { handle: next };
    const word = await firstWord(call, asked, asksAll ? leftMs : leftMs / 2, clock);
    if (call.over !== undefined) return { outcome: call.over };
    if (word.kind === 'alive') return word;
    if (word.kind === 'none') {
      if (asksAll) return { handle: next };
      asksAll = true;
    }
  }
}

/** After a loss only what a node was asked since then proves anything; beside a slow attempt anything that it said since the call began. */
function isProven({ lostAt, startedAt }: PlannedCall, { provedAt, heardAt }: NodeHandle): boolean {
  return lostAt === undefined ? heardAt >= startedAt : provedAt >= lostAt;
}

function wordMs(call: PlannedCall, clock: Clock): number {
  const shareMs = (call.deadline - clock.now()) * WORD_RATIO;
  return Math.max(WORD_MS.min, Math.min(WORD_MS.max, shareMs));
}

/** The nodes that may yet prove to live. */
function inQuestion(call: PlannedCall): readonly NodeHandle[] {
  return pickerFor(call).matching.filter(
    ({ node, standing }) =>
      (standing === 'healthy' || standing === 'suspect' || standing === 'ejected') &&
      !call.tried.includes(node.id),
  );
}

/** `gone`: the connections of all of them have ended; `none`: no word within the time, for which none is judged. */
type Word =
  | { readonly kind: 'alive'; readonly handle: NodeHandle }
  | { readonly kind: 'gone' }
  | { readonly kind: 'none' };

/** The first node that says that it lives. */
async function firstWord(
  call: PlannedCall,
  asked: readonly NodeHandle[],
  waitMs: number,
  clock: Clock,
): Promise<Word> {
  let word: Word | undefined;
  let left = asked.length;
  let isSilent = false;
  await call.sleep((wake) => {
    const timer = clock.setTimer(waitMs, wake);
    for (const handle of asked) {
      void handle.ask(CAUTIOUS_ANSWER_MS).then((verdict) => {
        left--;
        if (verdict === 'silent') isSilent = true;
        if (verdict === 'alive') word ??= { kind: 'alive', handle };
        if (word !== undefined || left === 0) wake();
      });
    }
    return () => timer.cancel();
  }, true);
  return word ?? { kind: left === 0 && !isSilent ? 'gone' : 'none' };
}
