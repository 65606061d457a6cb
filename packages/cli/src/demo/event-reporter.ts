import { events } from '@micromesh/core';
import type { EventReport, ReportedEvent } from './event-report.js';

// Loaded with `node --import` into a service that the demo starts, so that the service knows nothing of the demo.

const EVERY_MS = 100;
const LIMIT = 2_000;

let collected: ReportedEvent[] = [];
let dropped = 0;

function collect(event: ReportedEvent): void {
  if (collected.length < LIMIT) collected.push(event);
  else dropped++;
}

function send(): void {
  if (collected.length === 0 || !process.connected) return;
  const report: EventReport = { type: 'micromesh-events', events: collected, dropped };
  collected = [];
  dropped = 0;
  // The demo may end between the look at `connected` and this; the service ends by itself then.
  process.send?.(report, undefined, undefined, () => {});
}

events.call.subscribe((event) => collect({ kind: 'call', event }));
events.attempt.subscribe((event) => collect({ kind: 'attempt', event }));
events.node.subscribe((event) => collect({ kind: 'node', event }));
setInterval(send, EVERY_MS).unref();
