import { connect } from 'node:net';
import { queryObjects } from 'node:v8';
import { Metadata, type ServiceError, status } from '@grpc/grpc-js';
import { events, type ServerEvent } from '@micromesh/core';
import { FakeClock } from '@micromesh/core/testing';
import { afterEach, describe, expect, it } from 'vitest';
import { steadyMs } from '../machine/steady-clock.js';
import { EchoService, plainClient } from './echo.js';
import { EchoProcess } from './echo-process.js';
import { FakeRegistry, gate, RecordingLogger, say, startEcho, until } from './harness.js';

const processes: EchoProcess[] = [];

afterEach(async () => {
  for (const each of processes.splice(0)) await each.end();
});

function reachable(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.on('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', () => resolve(false));
  });
}

/** How many sockets this process has open: other tests of it may have left some that are closing. */
function sockets(): number {
  return process.getActiveResourcesInfo().filter((name) => /TCPServerWrap|TCPSocketWrap/.test(name)).length;
}

describe('stop', () => {
  it('goes through its steps in order, each a log line, with an event for each state', async () => {
    const logger = new RecordingLogger();
    const registry = new FakeRegistry();
    const states: string[] = [];
    const off = events.server.subscribe(({ state }: ServerEvent) => states.push(state));
    registry.onDeregister = () => {
      states.push('deregister');
    };
    const running = await startEcho({ logger, registry, drain: { lameDuckMs: 20, graceMs: 100 } });
    expect(running.state).toBe('serving');
    const stopping = running.stop();
    expect(running.stop()).toBe(stopping);
    await stopping;
    await running.stopped;
    off();
    expect(running.state).toBe('stopped');
    expect(states).toEqual(['serving', 'lameDuck', 'deregister', 'draining', 'stopped']);
    expect(registry.deregistered).toEqual([running.id]);
    expect(logger.of('info').map(({ message }) => message)).toEqual([
      'serving',
      'draining: not serving any more',
      'draining: left the registry',
      'draining: lame duck, calls are still taken',
      'draining: GOAWAY, calls in flight may end',
      'stopped',
    ]);
    expect(await reachable(running.port)).toBe(false);
  });

  it('leaves nothing behind in a process that starts and stops servers', async () => {
    const startAndStop = async (times: number) => {
      for (let n = 0; n < times; n++) await (await startEcho()).stop();
      return queryObjects(Promise, { format: 'count' });
    };
    let before = await startAndStop(3);
    const kept: number[] = [];
    for (let sample = 0; sample < 3; sample++) {
      const now = await startAndStop(20);
      kept.push(now - before);
      before = now;
    }
    // What others begin meanwhile is counted, too; what is left by each round is in each sample.
    expect(Math.min(...kept), String(kept)).toBeLessThan(20);
  });

  it('takes new calls and new connections in the lame-duck time', async () => {
    const logger = new RecordingLogger();
    const clock = new FakeClock();
    const running = await startEcho({ logger, clock, drain: { lameDuckMs: 300, graceMs: 1000 } });
    const stopping = running.stop();
    await until(() => logger.lines.some(({ message }) => message.includes('lame duck')));
    const late = plainClient(running.address);
    expect((await say(late, { text: 'late' })).reply?.text).toBe('late');
    await clock.advance(300);
    await stopping;
    late.close();
  });

  it('lets calls in flight end, and waits no longer than for them', async () => {
    const go = gate();
    const inside = gate();
    const running = await startEcho({
      drain: { lameDuckMs: 0, graceMs: 120_000 },
      handlers: {
        say: async ({ text }) => {
          inside.open();
          await go.opened;
          return { text };
        },
      },
    });
    const client = plainClient(running.address);
    const answer = say(client, { text: 'in flight' });
    const idle = plainClient(running.address);
    await new Promise<void>((resolve, reject) =>
      idle.waitForReady(Date.now() + 30_000, (error) => (error === undefined ? resolve() : reject(error))),
    );
    await inside.opened;
    const stopping = running.stop();
    await until(() => running.state === 'draining');
    go.open();
    expect((await answer).reply?.text).toBe('in flight');
    await stopping;
    client.close();
    idle.close();
  });

  it('cuts what never ends at the limit, aborts its signal, and names the method', async () => {
    const logger = new RecordingLogger();
    const inside = gate<AbortSignal>();
    const running = await startEcho({
      logger,
      drain: { lameDuckMs: 0, graceMs: 100 },
      handlers: {
        say: (_request, { signal }) => {
          inside.open(signal);
          return new Promise(() => {});
        },
      },
    });
    const client = plainClient(running.address);
    const answer = say(client, {});
    const signal = await inside.opened;
    expect(await steadyMs(() => running.stop())).toBeLessThan(1000);
    expect((await answer).error?.code).toBe(status.UNAVAILABLE);
    expect(logger.of('warn')[0]?.fields).toMatchObject({ calls: { '/echo.v1.Echo/Say': 1 } });
    await until(() => signal.aborted);
    client.close();
  });

  it('also ends for a stream that its caller does not read', async () => {
    const payload = Buffer.alloc(256 * 1024);
    const running = await startEcho({
      drain: { lameDuckMs: 0, graceMs: 100 },
      handlers: {
        list: async function* () {
          for (;;) yield { text: '', payload };
        },
      },
    });
    const client = plainClient(running.address);
    const { path, requestSerialize, responseDeserialize } = EchoService.list;
    const call = client.makeServerStreamRequest(path, requestSerialize, responseDeserialize, {});
    let failed = false;
    call.on('error', () => {
      failed = true;
    });
    await call[Symbol.asyncIterator]().next();
    expect(await steadyMs(() => running.stop())).toBeLessThan(1500);
    call.resume();
    await until(() => failed);
    client.close();
  });

  it('waits half a second for a registry that does not answer, then goes on', async () => {
    const registry = new FakeRegistry();
    registry.onDeregister = () => new Promise(() => {});
    const logger = new RecordingLogger();
    const running = await startEcho({ registry, logger });
    const begun = Date.now();
    expect(await steadyMs(() => running.stop())).toBeLessThan(1500);
    expect(Date.now() - begun).toBeGreaterThan(450);
    expect(logger.of('warn')[0]?.message).toContain('the registry has not answered');
  });

  it('is what `await using` does', async () => {
    const running = await startEcho();
    await running[Symbol.asyncDispose]();
    expect(running.state).toBe('stopped');
  });

  it('leaves nothing behind, a hundred times', async () => {
    const before = process.listenerCount('SIGUSR2');
    const socketsBefore = sockets();
    for (let round = 0; round < 100; round++) {
      const running = await startEcho({ signals: ['SIGUSR2'], reflection: round % 10 === 0 });
      expect(process.listenerCount('SIGUSR2')).toBe(before + 1);
      await running.stop();
    }
    expect(process.listenerCount('SIGUSR2')).toBe(before);
    await until(() => sockets() <= socketsBefore, 'all sockets to be closed');
  });
});

describe('no call fails in a drain', () => {
  it('with a plain round-robin client of two servers, one of which stops under load', async () => {
    for (let round = 0; round < 3; round++) {
      const slow = { say: async ({ text }: { text: string }) => ({ text: await sleepy(text) }) };
      const servers = [
        await startEcho({ handlers: slow, drain: { lameDuckMs: 100, graceMs: 3000 } }),
        await startEcho({ handlers: slow, drain: { lameDuckMs: 100, graceMs: 3000 } }),
      ];
      const client = plainClient(`ipv4:${servers.map(({ address }) => address).join(',')}`, {
        'grpc.service_config': JSON.stringify({ loadBalancingConfig: [{ round_robin: {} }] }),
      });
      const failures: ServiceError[] = [];
      const answers: Promise<unknown>[] = [];
      const send = () =>
        answers.push(
          say(client, { text: 'x' }).then(({ error }) => {
            if (error !== null) failures.push(error);
          }),
        );
      await Promise.all([say(client, { text: 'warm' }), say(client, { text: 'warm' })]);
      const load = setInterval(() => {
        for (let index = 0; index < 3; index++) send();
      }, 1);
      await until(() => answers.length > 50, 'calls before the stop');
      await servers[0]?.stop();
      const sent = answers.length;
      await until(() => answers.length > sent + 50, 'calls after the stop');
      clearInterval(load);
      await Promise.all(answers);
      expect(failures.map(({ message }) => message)).toEqual([]);
      client.close();
      await servers[1]?.stop();
    }
  });
});

function sleepy(text: string): Promise<string> {
  return new Promise((resolve) => setTimeout(() => resolve(text), 20));
}

describe('signals', () => {
  const OPTIONS = JSON.stringify({
    signals: ['SIGTERM', 'SIGINT'],
    drain: { lameDuckMs: 100, graceMs: 5000 },
  });

  async function start(env: Record<string, string> = {}) {
    const server = await EchoProcess.start({ OPTIONS, ...env });
    processes.push(server);
    return server;
  }

  function call(address: string, done: (error: ServiceError | null) => void) {
    const client = plainClient(address);
    client.makeUnaryRequest(
      EchoService.say.path,
      EchoService.say.requestSerialize,
      EchoService.say.responseDeserialize,
      { text: 'x' },
      new Metadata(),
      (error) => {
        client.close();
        done(error);
      },
    );
  }

  it('drain all servers of the process, which then ends by itself', async () => {
    const server = await start({ WORK_MS: '400', SERVERS: '12' });
    const answer = gate<ServiceError | null>();
    call(server.address, answer.open);
    await until(() => server.started.length === 1);
    server.kill('SIGTERM');
    // A terminal's Ctrl-C comes twice.
    server.kill('SIGTERM');
    expect(await answer.opened).toBeNull();
    await until(() => server.exit !== undefined, 'the exit');
    expect(server.exit).toEqual({ code: 0, signal: null });
    expect(server.reports.filter(({ deregistered }) => deregistered !== undefined)).toHaveLength(12);
    expect(server.messages.filter((message) => message === 'a second signal ends the drain')).toEqual([]);
    expect(server.reports.some(({ afterSignal }) => afterSignal === true)).toBe(true);
  });

  it('force the end when the second comes later, with exit code 128 + its number', async () => {
    const server = await start({ WORK_MS: '60000' });
    const answer = gate<ServiceError | null>();
    call(server.address, answer.open);
    await until(() => server.started.length === 1);
    server.kill('SIGTERM');
    await until(() => server.messages.some((message) => message.startsWith('draining')), 'the drain');
    await new Promise((resolve) => setTimeout(resolve, 700));
    expect(server.exit).toBeUndefined();
    server.kill('SIGINT');
    await until(() => server.exit !== undefined, 'the exit');
    expect(server.exit).toEqual({ code: 130, signal: null });
    expect((await answer.opened)?.code).toBe(status.UNAVAILABLE);
  });
});
