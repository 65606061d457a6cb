import type { Outcome } from '@micromesh/core';

/** An attempt, as its call steers it. */
export interface RunningAttempt {
  readonly nodeId: string;
  /** On the mesh's clock. */
  readonly startedAt: number;
  /** How many request messages it has begun to write. */
  readonly position: number;
  /** Ends it with an outcome of the mesh's own. */
  cut(outcome: Outcome): void;
  /** Ends it because another attempt has won. */
  supersede(): void;
  /** Looks for request messages that are new. */
  pump(): void;
  /** Asks for the first response message, once. */
  readFirst(): void;
  /** Asks for a further response message. */
  read(): void;
  peer(): string | undefined;
  /** What is wrong with its node, in words; undefined: nothing that is known. */
  readonly nodeTrouble: string | undefined;
}
