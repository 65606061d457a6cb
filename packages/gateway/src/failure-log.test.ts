import { silentLogger } from '@micromesh/core';
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
    const errors = ['unread', 'unread as well'].map((message) => new Error(message));
    for (const error of errors) log.error(error);
    const [err] = errors;
    expect(lines).toEqual([{ level: 'error', reason: 'gateway', alike: 0, err, message: 'gateway: unread' }]);
  });

  it('lets no bug of the gateway hide another', async () => {
    const often = () => new TypeError('often');
    const other = () => new TypeError('other');
    for (const error of [often(), often(), other(), new RangeError('of another name'), 'no error']) {
      log.error(error);
    }
    expect(lines).toMatchObject(
      ['often', 'other', 'of another name', 'no error'].map((message) => ({
        message: `gateway: ${message}`,
        alike: 0,
      })),
    );
    await clock.advance(1000);
    log.error(often());
    expect(lines.slice(4)).toMatchObject([{ message: 'gateway: often', alike: 1 }]);
  });

  it('keeps a bounded number of kinds: those that are one too many within a second are of one', async () => {
    const subject = (call: number) => ({ ...NO_NODE, subject: String(call) });
    for (let call = 0; call < 1010; call++) log.warn(subject(call));
    expect(lines).toHaveLength(1001);
    log.warn(subject(0));
    expect(lines).toHaveLength(1001);
    await clock.advance(1000);
    log.warn(subject(2000));
    log.warn(subject(2001));
    expect(lines.slice(1001)).toMatchObject([{ subject: '2000' }, { subject: '2001' }]);
  });

  it.each([
    [undefined, false],
    [silentLogger, false],
    [{ ...silentLogger }, true],
  ])('knows whether anybody is told (%#)', (logger, isKept) => {
    const kept = new FailureLog(logger, clock);
    kept.error(new Error('unread'));
    kept.warn(NO_NODE);
    expect(kept.isKept).toBe(isKept);
  });
});
