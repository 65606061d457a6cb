import type { AttemptEvent, CallEvent, NodeEvent } from '@micromesh/core';

/** What the mesh of a process saw. */
export type ReportedEvent =
  | { readonly kind: 'call'; readonly event: CallEvent }
  | { readonly kind: 'attempt'; readonly event: AttemptEvent }
  | { readonly kind: 'node'; readonly event: NodeEvent };

/** The IPC message with which a process hands its mesh's events to the demo that started it. */
export interface EventReport {
  readonly type: 'micromesh-events';
  readonly events: readonly ReportedEvent[];
  /** Events that were left out because too many came at once. */
  readonly dropped: number;
}

/** Whether an IPC message is a report; nobody else uses this type. */
export function isEventReport(message: unknown): message is EventReport {
  return (
    typeof message === 'object' &&
    message !== null &&
    'type' in message &&
    message.type === 'micromesh-events' &&
    'events' in message &&
    Array.isArray(message.events)
  );
}
