import type { FieldPath } from '../../problem.js';
import type { LoadBalancerSettings } from '../../schema/destination-rule/load-balancer.js';
import { atMostOne, type Finder, given } from '../finder.js';

/** Which node gets a call: one way, with what goes with it. */
export function checkLoadBalancer(settings: LoadBalancerSettings, path: FieldPath, find: Finder): void {
  atMostOne(find, path, settings, 'simple', 'consistentHash');
  atMostOne(find, path, settings, 'warmupDurationSecs', 'warmup');
  const { simple, consistentHash, warmup } = settings;
  if (simple === 'LEAST_CONN') {
    find.error([...path, 'simple'], 'Istio has replaced LEAST_CONN', 'write LEAST_REQUEST');
  } else if (simple === 'PASSTHROUGH') {
    find.error(
      [...path, 'simple'],
      'PASSTHROUGH sends a call where the caller wanted to: a call of a process is to a service',
      'write LEAST_REQUEST, ROUND_ROBIN or RANDOM',
    );
  }
  if (warmup !== undefined) {
    const other =
      consistentHash !== undefined ? 'consistentHash' : simple === 'RANDOM' ? 'RANDOM' : undefined;
    if (other !== undefined) {
      find.error(
        [...path, 'warmup'],
        `warmup does not go with ${other}`,
        'write ROUND_ROBIN or LEAST_REQUEST, or take it out',
      );
    }
  }
  if (consistentHash === undefined) return;
  const at = [...path, 'consistentHash'];
  const keys = ['httpHeaderName', 'httpCookie', 'useSourceIp', 'httpQueryParameterName'] as const;
  atMostOne(find, at, consistentHash, ...keys);
  atMostOne(find, at, consistentHash, 'ringHash', 'maglev');
  if (given(consistentHash, ...keys).length === 0) {
    find.error(at, 'the hash has no key', `write one of ${keys.join(', ')}`);
  }
  if (consistentHash.useSourceIp === false) {
    find.error(
      [...at, 'useSourceIp'],
      'false leaves the hash without a key',
      `write one of ${keys.join(', ')}`,
    );
  }
  const { maglev, httpHeaderName } = consistentHash;
  if (httpHeaderName !== undefined && !/^[a-z0-9_.:-]+$/i.test(httpHeaderName)) {
    find.error(
      [...at, 'httpHeaderName'],
      `${JSON.stringify(httpHeaderName)} is no name of a header`,
      'give letters, digits and any of _ . -',
    );
  }
  const size = maglev?.tableSize;
  if (size !== undefined && !isPrime(size)) {
    find.error(
      [...at, 'maglev', 'tableSize'],
      `${size} is no prime number`,
      `write ${nextPrime(size)}, or 65537`,
    );
  }
}

function isPrime(number: number): boolean {
  if (number < 2) return false;
  for (let factor = 2; factor * factor <= number; factor++) if (number % factor === 0) return false;
  return true;
}

const LARGEST = 5_000_011;

function nextPrime(number: number): number {
  for (let candidate = number; candidate < LARGEST; candidate++) if (isPrime(candidate)) return candidate;
  return LARGEST;
}
