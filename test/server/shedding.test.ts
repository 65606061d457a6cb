import { setTimeout as sleep } from 'node:timers/promises';
import { type Client, type ServiceError, status } from '@grpc/grpc-js';
import { type AbandonedEvent, events } from '@micromesh/core';
import type { RunningServer, ServerLimits } from '@micromesh/server';
import { service as HealthService } from 'grpc-health-check';
import { afterEach, describe, expect, it } from 'vitest';
import { againIfStoodStill } from '../machine/stand-still.js';
import { TEST_ALL } from '../test-all.js';
import { EchoService, plainClient } from './echo.js';
import { EchoProcess } from './echo-process.js';
import { gate, type Setup, say, startEcho, until } from './harness.js';

const open: { close(): unknown }[] = [];

afterEach(async () => {
  for (const each of open.splice(0)) await each.close();
});

async function start(setup: Setup): Promise<{ running: RunningServer; client: Client }> {
  const running = await startEcho(setup);
  const client = plainClient(running.address);
  open.push(client, { close: () => running.stop() });
  return { running, client };
}

interface Ended {
  readonly code: number;
  readonly ms: number;
  readonly pushBack: unknown;
}

async function timed(client: Client, text: string, deadlineMs = 20_000): Promise<Ended> {
  const began = performance.now();
  const { error, status: ended } = await say(client, { text }, { deadlineMs });
  return {
    code: error?.code ?? status.OK,
    ms: performance.now() - began,
    pushBack: ended.metadata.get('grpc-retry-pushback-ms')[0],
  };
}

const CALLERS = 120;
/** Calls that are to be taken. */
const TAKEN = 60;

interface Overload {
  readonly taken: readonly Ended[];
  readonly refused: readonly Ended[];
  readonly others: readonly Ended[];
  /** One call after the other: the measure that a busy machine stretches, too. */
  readonly msPerCall: number;
}

/** Callers that call again as soon as they are answered; those that are refused, when they were told to. */
async function overload(client: Client): Promise<Overload> {
  const ended: Ended[] = [];
  const taken = () => ended.filter(({ code }) => code === status.OK);
  const began = performance.now();
  const caller = async (name: string) => {
    for (let call = 0; taken().length < TAKEN; call++) {
      const one = await timed(client, `${name}-${call}`);
      ended.push(one);
      if (one.pushBack !== undefined) await sleep(Number(one.pushBack));
    }
  };
  await Promise.all(Array.from({ length: CALLERS }, (_, index) => caller(`c${index}`)));
  const msPerCall = (performance.now() - began) / taken().length;
  const refused = ended.filter(({ code }) => code === status.RESOURCE_EXHAUSTED);
  const others = ended.filter(({ code }) => code !== status.OK && code !== status.RESOURCE_EXHAUSTED);
  return { taken: taken(), refused, others, msPerCall };
}

function p99(ended: readonly Ended[]): number {
  const sorted = ended.map(({ ms }) => ms).sort((a, b) => a - b);
  return sorted[Math.ceil(sorted.length * 0.99) - 1] ?? Number.NaN;
}

/** Asks grpc.health.v1, which waits for no place. */
async function askHealth(client: Client): Promise<void> {
  const check = HealthService.Check;
  if (check === undefined) throw new Error('no method Check');
  const { path, requestSerialize, responseDeserialize } = check;
  const error = await new Promise<ServiceError | null>((resolve) =>
    client.makeUnaryRequest(path, requestSerialize, responseDeserialize, { service: '' }, resolve),
  );
  expect(error).toBeNull();
}

const BUSY = { WORK_MS: '0', SPIN_MS: '20' };

function mostAtWork({ reports }: EchoProcess): number {
  let atWork = 0;
  let most = 0;
  for (const { started, effect } of reports) {
    if (started !== undefined) most = Math.max(most, ++atWork);
    if (effect !== undefined) atWork--;
  }
  return most;
}

/** Asks for health when a third of the calls were taken, however long that takes on a busy machine; gives how long the answer takes, in ms. */
async function healthInTheMidst(server: EchoProcess): Promise<number> {
  while (server.started.length < TAKEN / 3) await sleep(5);
  const client = plainClient(server.address);
  const began = performance.now();
  await askHealth(client);
  client.close();
  return performance.now() - began;
}

/**
 * What every overload must come to: who was taken is answered in time, health as well, and who was refused knows when to come back.
 * Without limits every call would wait for all the others, `CALLERS * msPerCall`.
 */
function expectShedding({ taken, refused, others, msPerCall }: Overload, healthMs: number): void {
  expect(others).toEqual([]);
  expect(refused.length).toBeGreaterThan(TAKEN / 5);
  expect(p99(taken)).toBeLessThan((CALLERS * msPerCall) / 2);
  expect(healthMs).toBeLessThan((CALLERS * msPerCall) / 2);
  for (const { pushBack } of refused) {
    expect(Number(pushBack)).toBeGreaterThanOrEqual(50);
    expect(Number(pushBack)).toBeLessThanOrEqual(5000);
  }
}

describe('a server under more load than it can bear', () => {
  async function startProcess(env: Record<string, string>): Promise<{ server: EchoProcess; client: Client }> {
    const server = await EchoProcess.start(env);
    const client = plainClient(server.address);
    open.push(client, { close: () => server.end() });
    await timed(client, 'warm-up');
    return { server, client };
  }

  const limited: [string, Record<string, string>, ServerLimits][] = [
    ['calls at a time', { WORK_MS: '20' }, { maxConcurrentCalls: 4, queue: 4 }],
    ['the delay of its event loop', BUSY, { maxEventLoopDelayMs: 50 }],
  ];

  it.each(limited)(
    'answers in time what it takes, and tells the others when to come back: by %s',
    (_by, env, limits) =>
      againIfStoodStill(async () => {
        const { server, client } = await startProcess({ ...env, LIMITS: JSON.stringify(limits) });
        const inTheMidst = healthInTheMidst(server);
        const [result, healthMs] = await Promise.all([overload(client), inTheMidst]);
        expectShedding(result, healthMs);
        if (limits.maxConcurrentCalls !== undefined)
          expect(mostAtWork(server)).toBe(limits.maxConcurrentCalls);
        // And takes calls again when it is over.
        let after = -1;
        for (let tries = 0; tries < 50 && after !== status.OK; tries++) {
          after = (await timed(client, 'after')).code;
          if (after !== status.OK) await sleep(50);
        }
        expect(after).toBe(status.OK);
      }),
    120_000,
  );

  it.runIf(TEST_ALL)(
    'would let everybody wait for all the others',
    () =>
      againIfStoodStill(async () => {
        const { client } = await startProcess(BUSY);
        const { taken, refused, msPerCall } = await overload(client);
        expect(refused).toEqual([]);
        expect(p99(taken)).toBeGreaterThan((CALLERS * msPerCall) / 2);
      }),
    120_000,
  );
});

describe('a call that waits for its place', () => {
  async function full() {
    const go = gate();
    const begun: string[] = [];
    const { client, running } = await start({
      limits: { maxConcurrentCalls: 1, queue: 5, queueTimeoutMs: 10_000 },
      handlers: {
        say: async ({ text }) => {
          begun.push(text);
          if (text === 'first') await go.opened;
          return { text };
        },
      },
    });
    const first = timed(client, 'first');
    await until(() => begun.length === 1, 'the first handler');
    return { client, running, go, begun, first };
  }

  /** Waits until the calls before have come: on one connection a later one does not overtake them. */
  async function arrived(client: Client): Promise<void> {
    await askHealth(client);
    await sleep(50);
  }

  it('is not begun when its caller has gone or its deadline has passed meanwhile', async () => {
    const abandoned: AbandonedEvent[] = [];
    const off = events.abandoned.subscribe((event) => abandoned.push(event));
    open.push({ close: off });
    const { client, go, begun, first } = await full();
    const { path, requestSerialize, responseDeserialize } = EchoService.say;
    const cancelled = client.makeUnaryRequest(
      path,
      requestSerialize,
      responseDeserialize,
      { text: 'cancelled' },
      () => {},
    );
    const late = timed(client, 'late', 1000);
    const waits = timed(client, 'waits');
    await arrived(client);
    cancelled.cancel();
    expect((await late).code).toBe(status.DEADLINE_EXCEEDED);
    // At once, not when the place is free.
    await until(() => abandoned.length === 2, 'both to be given up');
    expect(abandoned.map(({ stage }) => stage)).toEqual(['beforeHandler', 'beforeHandler']);
    go.open();
    expect((await first).code).toBe(status.OK);
    expect((await waits).code).toBe(status.OK);
    expect(begun).toEqual(['first', 'waits']);
  });

  it('is served during a drain, or cut with the others at its end', async () => {
    const one = await full();
    const waits = timed(one.client, 'waits');
    await arrived(one.client);
    const stopping = one.running.stop();
    one.go.open();
    await stopping;
    expect((await waits).code).toBe(status.OK);

    const two = await full();
    const cut = timed(two.client, 'cut');
    await arrived(two.client);
    await two.running.stop();
    expect((await cut).code).toBe(status.UNAVAILABLE);
    expect(two.begun).toEqual(['first']);
    two.go.open();
  });
});
