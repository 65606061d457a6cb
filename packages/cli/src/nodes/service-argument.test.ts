import { formatServiceKey } from '@micromesh/core';
import { expect, test } from 'vitest';
import { parseService } from './service-argument.js';

test.each(['hello', 'hello?dc=dc2', 'hello?dc=dc2&ns=shop&partition=p&peer=other', 'go.micro.api.hello'])(
  'a service is read as messages write it: %s',
  (text) => expect(formatServiceKey(parseService(text))).toBe(text),
);

test.each([
  ['', 'has no name'],
  ['?dc=dc2', 'has no name'],
  ['hello?zone=a', 'has zone=a, which is none of dc='],
  ['hello?dc=', 'has dc=, which is none of dc='],
  ['hello?constructor=x', 'has constructor=x'],
])('%s is no service', (text, problem) => expect(() => parseService(text)).toThrow(problem));
