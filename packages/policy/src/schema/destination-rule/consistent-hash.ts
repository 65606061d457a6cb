import type { z } from 'zod';
import { durationOrZero } from '../duration.js';
import { applied, message, noMeaning, notSupported, required } from '../field.js';
import { anyText, flag, formed, integer, list, text } from '../leaves.js';

const NO_COOKIE_JAR = 'a gRPC caller keeps no cookies, so none is made for it';
const SEND_ONE = 'let the caller send a cookie or a header';
/** Envoy's bounds. */
const MAX_RING_SIZE = 8_388_608;
const MAX_TABLE_SIZE = 5_000_011;

const attribute = message('LoadBalancerSettings.ConsistentHashLB.HTTPCookie.Attribute', {
  name: noMeaning(text(), NO_COOKIE_JAR, SEND_ONE),
  value: noMeaning(anyText(), NO_COOKIE_JAR, SEND_ONE),
});

const httpCookie = message('LoadBalancerSettings.ConsistentHashLB.HTTPCookie', {
  name: required(
    formed(/^[!#$%&'*+.^_`|~A-Za-z0-9-]+$/, 'name of a cookie', 'give a name without spaces'),
    'the cookie, of the metadata `cookie`, whose value is the key',
    'a call without it goes to any node',
  ),
  path: noMeaning(text(), NO_COOKIE_JAR, SEND_ONE),
  ttl: noMeaning(durationOrZero(), NO_COOKIE_JAR, SEND_ONE),
  attributes: noMeaning(list(attribute), NO_COOKIE_JAR, SEND_ONE),
});

const ringHash = message('LoadBalancerSettings.ConsistentHashLB.RingHash', {
  minimumRingSize: applied(
    integer(1, MAX_RING_SIZE),
    'the least number of points on the ring; default 1024',
    'the heaviest node alone has as many, at least 1024 (among more than 64 nodes fewer): when a node comes or goes no key moves that need not',
  ),
});

const maglev = message('LoadBalancerSettings.ConsistentHashLB.MagLev', {
  tableSize: applied(integer(1, MAX_TABLE_SIZE), 'a prime number up to 5000011; default 65537'),
});

/** The same key, the same node. */
export const consistentHash = message('LoadBalancerSettings.ConsistentHashLB', {
  httpHeaderName: applied(
    text(),
    'the metadata whose first value is the key; a call without it goes to any node',
    'a hash key that code gives counts before it; of several values Envoy hashes all',
  ),
  httpCookie: applied(httpCookie, 'a cookie is the key', 'a hash key that code gives counts before it'),
  useSourceIp: applied(
    flag(),
    'the address of the calling machine is the key: all its calls go to one node',
    'a call with the metadata `x-forwarded-for`, as those of the HTTP gateway, has the first address in that for its key; who comes by no proxy can write it himself',
  ),
  httpQueryParameterName: applied(
    text(),
    'of a request that a rule of the HTTP gateway took the query parameter that is the key; a gRPC call has none and goes to any node',
    'it is read of the metadata `x-envoy-original-path`, which the gateway adds',
  ),
  ringHash: applied(ringHash, 'a ring; the default'),
  maglev: applied(
    maglev,
    "Maglev's table: more even; of ten nodes one comes or goes, and some 0.2 to 0.5 % of the keys move beside those that must",
  ),
  minimumRingSize: notSupported(
    integer(1, MAX_RING_SIZE),
    'Istio has deprecated it',
    'write ringHash: { minimumRingSize: ... }',
  ),
});

/** The same key, the same node. */
export type ConsistentHash = z.infer<typeof consistentHash>;
