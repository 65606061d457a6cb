import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FakeClock } from '@micromesh/core/testing';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { ScenarioOptions, ScenarioResult } from './result.js';
import { runScenario } from './runner.js';
import type { ScenarioName } from './scenario-names.js';
import { shortfalls } from './shortfalls.js';
import { ScriptedParts } from './testing/scripted-parts.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'micromesh-runner-test-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function options(scenario: ScenarioName, more: Partial<ScenarioOptions> = {}): ScenarioOptions {
  return {
    scenario,
    registry: 'embedded',
    nodes: 2,
    rps: 10,
    seconds: 2,
    retries: undefined,
    maxConcurrentRetries: undefined,
    ...more,
  };
}

async function run(given: ScenarioOptions, parts: ScriptedParts): Promise<ScenarioResult> {
  const progress = { step: () => {}, load: () => {} };
  const { signal } = new AbortController();
  const { clock } = parts;
  let over = false;
  const end = () => {
    over = true;
  };
  const running = runScenario(given, { parts, clock, folder, signal, progress });
  running.then(end, end);
  while (!over) await clock.advance(10);
  return running;
}

describe('runScenario', () => {
  test('kill: kills one node at a quarter of the time, and starts no other', async () => {
    const parts = new ScriptedParts(new FakeClock());
    const result = await run(options('kill'), parts);
    expect(parts.log).toContain('500 kill hello-1');
    expect(parts.nodes).toHaveLength(2);
    expect(result).toMatchObject({ calls: 20, ok: 20, failed: 0, executedTwice: 0, recoveryMs: 0 });
    expect(result.timeline.find(({ event }) => event !== undefined)).toMatchObject({
      ms: 500,
      event: 'kill -9 hello-1',
    });
  });

  test('restart: ends a node only when its successor is passing and connected', async () => {
    const parts = new ScriptedParts(new FakeClock());
    await run(options('restart'), parts);
    const steps = parts.log.map((line) => line.replace(/^\d+ /, ''));
    expect(steps.slice(3, 9)).toEqual([
      ...['start hello-3', 'connected hello-3', 'stop hello-1'],
      ...['start hello-4', 'connected hello-4', 'stop hello-2'],
    ]);
  });

  test('restart: goes on where the caller does not connect, and says so on the timeline', async () => {
    const parts = new ScriptedParts(new FakeClock());
    parts.connectFails = true;
    const { timeline } = await run(options('restart'), parts);
    expect(timeline.map(({ event = '' }) => event).join('; ')).toContain('hello-3 is not connected');
  });

  test('freeze: thaws after 4 s, also when the load is over by then', async () => {
    const parts = new ScriptedParts(new FakeClock());
    await run(options('freeze'), parts);
    expect(parts.log).toContain('500 freeze hello-1');
    expect(parts.log).toContain('4500 thaw hello-1');
  });

  test('registry: brings it back empty and waits until all nodes are registered again', async () => {
    const parts = new ScriptedParts(new FakeClock());
    parts.registered = false;
    const { startLoad } = parts;
    parts.startLoad = (given) => {
      parts.clock.setTimer(4_000, () => {
        parts.registered = true;
      });
      return startLoad.call(parts, given);
    };
    const { reregisteredMs } = await run(options('registry'), parts);
    expect(parts.log).toContain('500 kill registry');
    expect(parts.log).toContain('1500 start registry again');
    expect(reregisteredMs).toBe(3_500);
  });

  test('registry: gives up on nodes that never come back', async () => {
    const parts = new ScriptedParts(new FakeClock());
    parts.registered = false;
    expect((await run(options('registry'), parts)).reregisteredMs).toBeNull();
  });

  test('blackhole: enters a node of another network, and cuts the link for 4 s', async () => {
    const parts = new ScriptedParts(new FakeClock());
    const result = await run(options('blackhole'), parts);
    expect(parts.log.slice(0, 6).map((line) => line.replace(/^\d+ /, ''))).toEqual([
      ...['start network', 'start registry', 'cut-off node with memory:', 'start hello-1'],
      ...['enrol hello hello-1 127.0.0.1:1', 'start hello-2'],
    ]);
    expect(parts.log).toContain('500 cut');
    expect(parts.log).toContain('4500 mend');
    expect(result).toMatchObject({ failed: 0, executedTwice: 0 });
  });

  test('leader: kills it, and has a node join under the next', async () => {
    const parts = new ScriptedParts(new FakeClock());
    parts.electionMs = 1_000;
    const result = await run(options('leader'), parts);
    expect(result.newLeaderMs).toBe(1_000);
    const at = parts.log.indexOf('500 kill leader');
    expect(parts.log.slice(at + 1, at + 3)).toEqual(['1500 start hello-3', '1500 connected hello-3']);
  });

  test('leader: gives up where there is no election', async () => {
    const parts = new ScriptedParts(new FakeClock());
    parts.electionMs = 60_000;
    expect((await run(options('leader'), parts)).newLeaderMs).toBeNull();
  });

  test.each([
    ['slow', 'misbehave hello-1 {"extraMs":300}'],
    ['errors', 'misbehave hello-1 {"errorRatio":1,"code":"INTERNAL","atOnce":true}'],
  ] as const)('%s: tells one node at a quarter of the time, and leaves it so', async (scenario, done) => {
    const parts = new ScriptedParts(new FakeClock());
    const result = await run(options(scenario), parts);
    expect(parts.log.filter((line) => line.includes('misbehave'))).toEqual([`500 ${done}`]);
    expect(result).toMatchObject({ calls: 20, ok: 20 });
  });

  test('flaky: lets ten callers call nodes that fail from the beginning, and says what is to be expected', async () => {
    const { clock } = new ScriptedParts(new FakeClock());
    const answer = async (id: string) => {
      await new Promise<void>((resolve) => clock.setTimer(50, resolve));
      return id.endsWith('7') ? 'UNAVAILABLE' : 'OK';
    };
    const parts = new ScriptedParts(clock, answer);
    const result = await run(options('flaky', { retries: 0 }), parts);
    const steps = parts.log.map((line) => line.replace(/^\d+ /, ''));
    const orders = '{"errorRatio":0.2,"spreadMs":50,"seed":1}';
    expect(steps.slice(3, 5)).toEqual([`misbehave hello-1 ${orders}`, `misbehave hello-2 ${orders}`]);
    expect(result).toMatchObject({ calls: 400, rps: 200, failed: 40 });
    expect(result.expected?.share).toBeCloseTo(0.8, 2);
  });

  test('ends the load, then the nodes, then the registry', async () => {
    const parts = new ScriptedParts(new FakeClock());
    await run(options('kill'), parts);
    const steps = parts.log.map((line) => line.replace(/^\d+ /, ''));
    expect(steps.slice(-3)).toEqual(['close load', 'stop hello-2', 'stop registry']);
  });

  test('counts effects after the nodes have ended, and lists calls that the dead node had begun', async () => {
    const parts = new ScriptedParts(new FakeClock(), async (id) => {
      parts.effect('hello-2', id, 'start');
      parts.effect('hello-2', id, 'effect');
      if (id === 'call-3') parts.effect('hello-2', id, 'effect');
      return 'OK';
    });
    const { startLoad } = parts;
    parts.startLoad = (given) => {
      parts.effect('hello-1', 'call-99', 'start');
      return startLoad.call(parts, given);
    };
    const result = await run(options('kill'), parts);
    expect(result).toMatchObject({ executedTwice: 1, maybeTwice: 1 });
    expect(result.executedTwiceCalls).toEqual(['call-3']);
    expect(result.maybeTwiceCalls).toEqual([{ call: 'call-99', node: 'hello-1', effects: 0 }]);
  });

  test('does not excuse a second execution of a call that the client had the answer to', async () => {
    const parts = new ScriptedParts(new FakeClock(), async (id) => {
      parts.effect('hello-1', id, 'start');
      parts.effect('hello-1', id, 'effect');
      return 'OK';
    });
    const { startLoad } = parts;
    parts.startLoad = (given) => {
      parts.clock.setTimer(600, () => parts.effect('hello-2', 'call-2', 'effect'));
      return startLoad.call(parts, given);
    };
    const result = await run(options('kill'), parts);
    expect(result.executedTwiceCalls).toEqual(['call-2']);
  });

  test('counts tries where the mesh tells of them', async () => {
    const parts = new ScriptedParts(new FakeClock(), async (id, { load }) => {
      load?.onTried(0, id === 'call-10' ? 2 : 1);
      return 'OK';
    });
    const result = await run(options('kill'), parts);
    expect(result).toMatchObject({ retried: 1, attempts: 21, recoveryMs: 500 });
    expect(result.timeline[10]).toMatchObject({ ms: 1_000, retried: 1 });
  });

  test('canary: writes its versions under load, one step as long as the other, and measures each', async () => {
    let lastBefore = 0;
    const parts = new ScriptedParts(new FakeClock(), async (_, { load, policyVersion, clock, nodes }) => {
      // The third version is heard of late; from the fifth on all calls go to the new node.
      if (policyVersion !== 3) lastBefore = clock.now();
      const heard = policyVersion === 3 && clock.now() - lastBefore < 150 ? 2 : policyVersion;
      const isNew = heard >= 5;
      load?.onRouted?.(String(heard), nodes[isNew ? 2 : 0]?.id ?? '', 0);
      return 'OK';
    });
    const result = await run(options('canary', { nodes: 3, rps: 100, seconds: 4 }), parts);
    const log = parts.log.filter((line) => !line.includes('stop'));
    expect(log.slice(1, 5).map((line) => line.replace(/^\d+ /, ''))).toEqual([
      'apply before the canary',
      ...['start hello-1 1.0.0', 'start hello-2 1.0.0', 'start hello-3 2.0.0'],
    ]);
    expect(log.slice(5)).toEqual([
      '1000 apply 0 % to v2',
      '1600 apply 10 % to v2',
      '2200 apply 50 % to v2',
      '2800 apply 100 % to v2',
      '3400 rollback',
      '4000 close load',
      '4000 close policies',
    ]);
    const { steps = [] } = result;
    expect(steps.map(({ change, weight }) => `${change} ${weight}`)).toEqual([
      ...['apply 0', 'apply 10', 'apply 50', 'apply 100', 'rollback 50'],
    ]);
    expect(steps.map(({ share }) => share)).toEqual([0, 0, 0, 1, 1]);
    expect(steps[0]).toMatchObject({ inForceMs: 0, low: 0, high: 0 });
    expect(steps[1]?.inForceMs).toBe(140);
    expect(result.recoveryMs).toBeNull();
    expect(shortfalls({ ...result, okWithoutEffect: 0 })).toEqual([
      '50 % brought v2 0.00 % of the calls, which is outside of what is expected',
      'the rollback to 50 % brought v2 100.00 % of the calls, which is outside of what is expected',
    ]);
  });

  test('waits for late calls, but not for ever', async () => {
    const parts = new ScriptedParts(new FakeClock(), (id) =>
      id === 'call-19' ? new Promise(() => {}) : Promise.resolve('OK'),
    );
    const result = await run(options('kill'), parts);
    expect(result).toMatchObject({ failed: 1, codes: { OK: 19, UNFINISHED: 1 } });
  });

  test('rejects when it is ended early', async () => {
    const parts = new ScriptedParts(new FakeClock());
    const controller = new AbortController();
    const { clock } = parts;
    const running = runScenario(options('kill'), {
      ...{ parts, clock, folder, signal: controller.signal },
      progress: { step: () => {}, load: () => {} },
    });
    const ended = expect(running).rejects.toThrow('SIGINT');
    await clock.advance(200);
    controller.abort(new Error('SIGINT'));
    await ended;
    await clock.advance(200);
    expect(clock.pendingTimers).toBe(0);
  });

  test('rejects when a part does not start', async () => {
    const parts = new ScriptedParts(new FakeClock());
    parts.startNode = async () => {
      throw new Error('hello did not start');
    };
    await expect(run(options('kill'), parts)).rejects.toThrow('hello did not start');
  });
});
