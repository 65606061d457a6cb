import { expect, it } from 'vitest';
import { shadowHost } from './shadow-host.js';

// Source: shadowAppendedHost in envoy's source/common/router/shadow_writer_impl.cc.
it.each([
  ['hello', 'hello-shadow'],
  ['hello.shop:8080', 'hello.shop-shadow:8080'],
  ['10.0.0.1:80', '10.0.0.1-shadow:80'],
])('the authority %s becomes %s', (host, shadow) => {
  expect(shadowHost(host)).toBe(shadow);
});
