import { FakeClock } from '@micromesh/core/testing';
import { beforeEach, describe, expect, it } from 'vitest';
import { FailureLog } from './failure-log.js';

const NO_NODE = {
  reason: 'noNode',
  status: 'UNAVAILABLE',
  subject: '/hello.v1.Hello/Anything',
  message: 'no node of hello is registered at consul 127.0.0.1:8500',
};

let clock: FakeClock;
let lines: readonly unknown[];
let log: FailureLog;
beforeEach(() => {
  clock = new FakeClock();
  lines = [];
  const note = (level: string) => (fields: object, message: string) => {
    lines = [...lines, { level, ...fields, message }];
  };
  const logger = { debug: note('debug'), info: note('info'), warn: note('warn'), error: note('error') };
  log = new FailureLog(logger, clock);
});

describe('FailureLog', () => {
  it('has one line a second of each kind, and says how many had none', async () => {
    for (let call = 0; call < 1000; call++) log.warn(NO_NODE);
    await clock.advance(999);
    log.warn(NO_NODE);
    const { message, ...fields } = NO_NODE;
    const line = { level: 'warn', ...fields, message: `gateway: ${message}` };
    expect(lines).toEqual([{ ...line, alike: 0 }]);
    await clock.advance(1);
    log.warn(NO_NODE);
    expect(lines.slice(1)).toEqual([{ ...line, alike: 1000 }]);
    await clock.advance(1000);
    log.warn(NO_NODE);
    expect(lines.slice(2)).toEqual([{ ...line, alike: 0 }]);
  });

  it.each([
    ['reason', { reason: 'rateLimit' }],
    ['status', { status: 'INTERNAL' }],
    ['subject', { subject: '/hello.v1.Hello/List' }],
  ])('takes failures of another %s for another kind, and no other words', (_field, other) => {
    log.warn(NO_NODE);
    log.warn({ ...NO_NODE, message: 'other words' });
    expect(lines).toHaveLength(1);
    log.warn({ ...NO_NODE, ...other });
    expect(lines.slice(1)).toMatchObject([other]);
  });

  it('bounds the failures of the gateway itself, too, and gives their errors', () => {
    const errors = [new Error('unread'), new Error('unread as well')];
    for (const error of errors) log.error(error);
    const [err] = errors;
    expect(lines).toEqual([{ level: 'error', reason: 'gateway', alike: 0, err, message: 'gateway: unread' }]);
  });
});
