import { getEventListeners } from 'node:events';
import { describe, expect, it } from 'vitest';
import { onAbort } from './cancellation.js';

describe('listening for a cancellation', () => {
  it('puts one listener on a signal, however many listen, and takes it off with the last', () => {
    const { signal } = new AbortController();
    const off = Array.from({ length: 100 }, () => onAbort(signal, () => {}));
    expect(getEventListeners(signal, 'abort')).toHaveLength(1);
    for (const each of off) each();
    expect(getEventListeners(signal, 'abort')).toHaveLength(0);
    onAbort(signal, () => {});
    expect(getEventListeners(signal, 'abort')).toHaveLength(1);
  });

  it('tells all once, those that come too late at once', () => {
    const controller = new AbortController();
    const heard: string[] = [];
    onAbort(controller.signal, () => heard.push('a'));
    onAbort(controller.signal, () => heard.push('b'));
    onAbort(controller.signal, () => heard.push('off'))();
    controller.abort();
    onAbort(controller.signal, () => heard.push('late'));
    expect(heard).toEqual(['a', 'b', 'late']);
  });
});
