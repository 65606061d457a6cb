import { once } from 'node:events';
import { Agent, request } from 'node:http';
import { connect, type Socket } from 'node:net';
import { type RunningConsul, startConsul } from '@micromesh/cli/stage';
import type { ServiceWatch } from '@micromesh/registry';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { consulForTests } from '../dev-agent/consul-binary.js';
import { Outage, until } from './outage.js';

vi.setConfig({ testTimeout: 180_000 });

const found = await consulForTests();

/** As Consul has 200. */
const LIMIT = 30;
const HELD = 15;
const SERVICES = 40;

describe.skipIf(found === undefined)('at an agent that holds as many connections as it takes', () => {
  let agent: RunningConsul;
  let outage: Outage;
  const held: Socket[] = [];
  /** A connection of our own, from before the agent is full. */
  const own = new Agent({ keepAlive: true, maxSockets: 1 });

  afterEach(async () => {
    own.destroy();
    for (const socket of held) socket.destroy();
    await outage?.close();
    await agent?.stop();
  });

  async function enter(service: string, port: number): Promise<void> {
    const [host, agentPort] = agent.address.split(':');
    const path = '/v1/agent/service/register';
    const put = request({ agent: own, host, port: Number(agentPort), method: 'PUT', path });
    put.end(JSON.stringify({ Name: service, ID: service, Address: '127.0.0.1', Port: port }));
    const [response] = await once(put, 'response');
    response.resume();
    await once(response, 'end');
    expect(response.statusCode).toBe(200);
  }

  async function hold(): Promise<void> {
    const [host = '', port] = agent.address.split(':');
    const socket = connect(Number(port), host).on('error', () => {});
    held.push(socket);
    await once(socket, 'connect');
  }

  const current = (watches: readonly ServiceWatch[]) =>
    watches.filter(({ state }) => state.kind === 'current').length;
  const nodesOf = ({ state }: ServiceWatch) => (state.kind === 'unknown' ? 0 : state.snapshot.nodes.length);

  it('no call fails, all services are watched, and a new node comes in when others have left', async () => {
    const config = { limits: { http_max_conns_per_client: LIMIT } };
    agent = await startConsul({ binary: found?.path ?? '', config });
    await enter('first', 7001);
    outage = new Outage(agent.address);
    outage.start('a', 'b');
    await outage.call();
    for (let count = 0; count < HELD; count++) await hold();
    const watches = Array.from({ length: SERVICES }, (_, n) => outage.registry.watch({ name: `many-${n}` }));
    const knownMs = await until(() => current(watches) === SERVICES, 'a word of all services');
    expect(outage.warnings.join('\n')).toContain('the agent refuses connections');

    const seen: number[] = [];
    for (const index of [0, 20, 39]) {
      const watch = watches[index];
      if (watch === undefined) throw new Error('no watch');
      await enter(`many-${index}`, 7100 + index);
      seen.push(Math.round(await until(() => nodesOf(watch) === 1, 'a new node')));
    }
    await outage.answer('a', 'b');

    for (const socket of held) socket.destroy();
    outage.start('c');
    const usedMs = await outage.answer('a', 'b', 'c');
    const { failed, twice } = await outage.close();
    process.stderr.write(
      `full agent: ${outage.calls} calls, ${failed.length} failed, ${SERVICES} services known after ${Math.round(knownMs)} ms, ` +
        `changes seen after ${seen.join(', ')} ms, a new node used after ${Math.round(usedMs)} ms\n`,
    );
    expect({ failed, twice }).toEqual({ failed: [], twice: [] });
  });
});
