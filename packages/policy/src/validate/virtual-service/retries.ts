import type { FieldPath } from '../../problem.js';
import type { Duration } from '../../schema/duration.js';
import type { HttpRetry } from '../../schema/virtual-service/retries.js';
import { type Finder, given } from '../finder.js';
import type { VirtualService } from '../resource.js';
import { DEFAULT_RETRY_ON, readRetryOn, TIMEOUT_WORDS } from './retry-words.js';

/** The retries of each rule: whether they can happen, and happen when they are meant to. */
export function checkRetries({ spec }: VirtualService, find: Finder): void {
  for (const [index, { retries, timeout }] of (spec.http ?? []).entries()) {
    if (retries === undefined) continue;
    const path = ['spec', 'http', index, 'retries'];
    const attempts = retries.attempts ?? 0;
    if (attempts === 0 && !find.isUncertain([...path, 'attempts'])) checkOff(retries, path, find);
    checkWords(retries, path, find);
    if (attempts > 0) checkCovered(retries, path, find);
    if (timeout !== undefined) checkFits(retries, attempts, timeout, path, find);
  }
}

function checkOff(retries: HttpRetry, path: FieldPath, find: Finder): void {
  const others = given(
    retries,
    'perTryTimeout',
    'retryOn',
    'backoff',
    'retryRemoteLocalities',
    'retryIgnorePreviousHosts',
  );
  if (others.length > 0) {
    const [first = ''] = others;
    find.error(
      [...path, first],
      `${first} without attempts: retries are off`,
      'give attempts, or take the others out',
    );
  } else if (retries.attempts === undefined) {
    find.warning(
      path,
      'retries without attempts are off',
      'give attempts; 0 says plainly that there are none',
    );
  }
}

function checkWords({ retryOn }: HttpRetry, path: FieldPath, find: Finder): void {
  if (retryOn === undefined) return;
  const { words, statuses, unknown } = readRetryOn(retryOn);
  const at = [...path, 'retryOn'];
  for (const { word, fix } of unknown) {
    find.error(at, `${JSON.stringify(word)} is no condition of retryOn`, fix);
  }
  if (words.includes('retriable-headers')) {
    find.warning(
      at,
      "retriable-headers retries nothing: Istio's resource has no place for the headers",
      'take it out',
    );
  }
  if (words.includes('http3-post-connect-failure')) {
    find.warning(at, 'http3-post-connect-failure retries nothing: gRPC is HTTP/2', 'take it out');
  }
  if (words.includes('retriable-status-codes') && statuses.length === 0) {
    find.warning(at, 'retriable-status-codes without a status retries nothing', 'add statuses: 503,429');
  }
}

function checkCovered({ perTryTimeout, retryOn }: HttpRetry, path: FieldPath, find: Finder): void {
  if (perTryTimeout === undefined || find.isUncertain([...path, 'retryOn'])) return;
  const { words, unknown } = readRetryOn(retryOn ?? DEFAULT_RETRY_ON);
  if (unknown.length > 0 || words.some((word) => TIMEOUT_WORDS.includes(word))) return;
  const said = retryOn === undefined ? `retryOn is silent (${DEFAULT_RETRY_ON})` : `retryOn is ${retryOn}`;
  find.warning(
    retryOn === undefined ? [...path, 'perTryTimeout'] : [...path, 'retryOn'],
    `an attempt that runs into perTryTimeout is not tried again: ${said}`,
    `add one of ${TIMEOUT_WORDS.join(', ')} to retryOn`,
  );
}

function checkFits(
  { perTryTimeout, backoff }: HttpRetry,
  attempts: number,
  timeout: Duration,
  path: FieldPath,
  find: Finder,
): void {
  if (perTryTimeout !== undefined && perTryTimeout.ms > timeout.ms) {
    find.warning(
      [...path, 'perTryTimeout'],
      `perTryTimeout ${perTryTimeout.text} never comes: the timeout ${timeout.text} is shorter`,
      'make it shorter than the timeout',
    );
    return;
  }
  if (attempts === 0) return;
  const tryMs = perTryTimeout?.ms ?? 0;
  const waitMs = backoff?.ms ?? 0;
  const needsMs = (attempts + 1) * tryMs + attempts * waitMs;
  if (needsMs <= timeout.ms) return;
  // Tries that are done when the time is over: the first, and one for each wait and try after it.
  const tries = Math.max(1, 1 + Math.floor((timeout.ms - tryMs) / (tryMs + waitMs)));
  const parts = [
    `${attempts + 1} tries`,
    ...(tryMs === 0 ? [] : [`of ${perTryTimeout?.text ?? ''}`]),
    ...(waitMs === 0 ? [] : [`with ${backoff?.text ?? ''} between them`]),
  ];
  find.warning(
    [...path, 'attempts'],
    `${parts.join(' ')} do not fit into the timeout ${timeout.text}: time is up after ${tries}`,
    `give a timeout of ${needsMs}ms, or attempts: ${tries - 1}`,
  );
}
