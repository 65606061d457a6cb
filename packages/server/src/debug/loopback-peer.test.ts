import { expect, test } from 'vitest';
import { isLoopbackPeer } from './loopback-peer.js';

test.each(['127.0.0.1:5001', '127.8.9.1:1', '[::1]:5001', '::1:5001', '[::ffff:127.0.0.1]:5001'])(
  '%s is on this machine',
  (peer) => expect(isLoopbackPeer(peer)).toBe(true),
);

test.each([
  '10.0.0.1:5001',
  '128.0.0.1:1',
  '[fe80::1]:5001',
  '[::ffff:10.0.0.1]:1',
  'unknown',
  '',
  'localhost:1',
])('%s is not known to be', (peer) => expect(isLoopbackPeer(peer)).toBe(false));
