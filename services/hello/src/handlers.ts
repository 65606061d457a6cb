import { setTimeout as sleep } from 'node:timers/promises';
import type { EffectLog } from './effect-log.js';
import type { HelloHandlers } from './gen/hello/v1/hello.handlers.js';
import { Misbehaviour } from './misbehaviour.js';

/** How the handlers work. */
export interface HelloOptions {
  /** How long `Anything` takes, as if it had work to do. Default 0. */
  readonly workMs?: number;
  /** Where `Anything` records what it did. Default: nowhere. */
  readonly effects?: EffectLog | undefined;
  /** What `Anything` does wrong. Default: nothing. */
  readonly misbehaviour?: Misbehaviour;
}

/** The handlers of `hello.v1.Hello`. */
export function helloHandlers({
  workMs = 0,
  effects,
  misbehaviour = new Misbehaviour(),
}: HelloOptions = {}): HelloHandlers {
  return {
    async anything({ name, id = '' }, context) {
      const { attempt } = context;
      misbehaviour.atOnce(id, attempt);
      effects?.record(id, 'start');
      const ms = workMs + misbehaviour.extraMs(id, attempt);
      if (ms > 0) await sleep(ms);
      misbehaviour.afterWork(id, attempt);
      // The last look before what cannot be undone: after a freeze the caller may be gone, and be served elsewhere.
      await context.stillWanted();
      effects?.record(id, 'effect');
      return { msg: greeting(name) };
    },

    async *list({ count }) {
      for (let number = 1; number <= count; number++) yield { msg: greeting(`number ${number}`) };
    },

    async collect(requests) {
      const names: string[] = [];
      for await (const { name } of requests) names.push(name);
      return { msg: greeting(names.join(', ')), count: names.length };
    },

    async *chat(requests) {
      for await (const { name } of requests) yield { msg: greeting(name) };
    },
  };
}

function greeting(name: string): string {
  return `Hello ${name}`;
}
