import type { NodeCall } from 'micromesh';
import { expect, test } from 'vitest';
import { VersionLedger } from './version-ledger.js';

interface Parts {
  readonly version?: string;
  readonly rule?: number;
  readonly limitMs?: number;
  readonly subset?: string;
  readonly node?: string;
}

/** What the ledger reads of a call that goes by policies number 2 but for some parts. */
function callOf({ version = '7', rule = 2, limitMs = 5002, subset = 'subset-2' }: Parts = {}) {
  const way = { policies: { version }, rule: { name: `number-${rule}` }, destination: { subset } };
  return { plan: { way, limitMs, retries: 7 } };
}

function look(ledger: VersionLedger, call: ReturnType<typeof callOf>, attempt = 1, version = '1.0.0'): void {
  const seen: unknown = { call, attempt, node: { version } };
  ledger.look(seen as NodeCall);
}

test('a call of which all parts are of one version is not mixed', () => {
  const ledger = new VersionLedger();
  const call = callOf();
  look(ledger, call);
  look(ledger, call, 2);
  expect(ledger).toMatchObject({ mixed: 0, followed: 1, retried: 1, words: [] });
});

test.each([
  [{ limitMs: 5003 }, 'timeout 5003 beside rule number-2'],
  [{ subset: 'subset-3' }, 'subset subset-3 beside rule number-2'],
])('a part of another version shows: %o', (parts, words) => {
  const ledger = new VersionLedger();
  look(ledger, callOf(parts));
  expect(ledger).toMatchObject({ mixed: 1, words: [words] });
});

test('a node that the version has not in its subset shows', () => {
  const ledger = new VersionLedger();
  look(ledger, callOf(), 1, '2.0.0');
  expect(ledger.words).toEqual(['node 2.0.0 beside rule number-2']);
});

test('an attempt that goes by another version than the first shows', () => {
  const ledger = new VersionLedger();
  const call = callOf();
  look(ledger, call);
  call.plan.way.policies.version = '8';
  look(ledger, call, 2);
  expect(ledger.words).toEqual(['attempt 2 goes by version 8, the first by 7']);
});

test('a version that is once one number and once another shows', () => {
  const ledger = new VersionLedger();
  look(ledger, callOf());
  look(ledger, callOf({ rule: 9, limitMs: 5009, subset: 'subset-9' }), 1, '2.0.0');
  expect(ledger.words).toEqual(['version 7 is number 2 and 9']);
});
