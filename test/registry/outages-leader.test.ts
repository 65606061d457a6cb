import { type RunningConsulCluster, startConsulCluster } from '@micromesh/cli/stage';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { consulForTests } from '../dev-agent/consul-binary.js';
import { idsIn, Outage, until } from './outage.js';

vi.setConfig({ testTimeout: 180_000 });

const found = await consulForTests();

describe.skipIf(found === undefined)("while Consul's leader is dead", () => {
  let cluster: RunningConsulCluster;
  let outage: Outage;

  afterEach(async () => {
    await outage?.close();
    await cluster?.stop();
  });

  it('no call fails; a node that came meanwhile is used, one that died is gone', async () => {
    cluster = await startConsulCluster(found?.path ?? '');
    // The agents of services are seldom the leader.
    outage = new Outage(cluster.followers.join(','));
    outage.start('a', 'b', 'c');
    const watch = outage.registry.watch({ name: 'hello' });
    await outage.call();
    await cluster.killLeader();
    const from = performance.now();
    outage.start('d');
    await outage.kill('c');
    await outage.answer('a', 'b');
    await outage.answer('a', 'b', 'd');
    const usedMs = performance.now() - from;
    await until(
      () => watch.state.kind === 'current' && `${idsIn(watch.state)}` === 'a,b,d',
      'a watch that knows a, b and d, and nobody else',
    );
    const goneMs = performance.now() - from;
    const { failed, twice } = await outage.close();
    process.stderr.write(
      `leader: ${outage.calls} calls, ${failed.length} failed, a new node used after ${Math.round(usedMs)} ms, a dead one gone after ${Math.round(goneMs)} ms\n`,
    );
    expect({ failed, twice }).toEqual({ failed: [], twice: [] });
  });
});
