import picocolors from 'picocolors';
import { describe, expect, test } from 'vitest';
import type { DemoView } from './demo-model.js';
import { drawFrame } from './live-frame.js';

const HEADLINE = {
  gatewayUrl: 'http://localhost:8080',
  registry: 'dev agent 127.0.0.1:40123',
  registryUrl: 'consul://127.0.0.1:40123',
};
const VIEW: DemoView = {
  nodes: [
    {
      ...{ slot: 1, id: 'hello-0a1b2c3d', address: '127.0.0.1:40001', pid: 11, process: 'killed' },
      ...{ seen: 'down', cause: 'connect ECONNREFUSED', answered: 38 },
    },
    {
      ...{ slot: 2, id: 'hello-4e5f6a7b', address: '127.0.0.1:40002', pid: 12, process: 'running' },
      ...{ seen: 'ready', cause: '', answered: 65 },
    },
  ],
  ...{ calls: 104, failed: 0, inFlight: 3, retried: 1, perSecond: 30 },
  ...{ executions: 104, executedTwice: 0, executionsOfOthers: 2 },
  history: [
    { calls: 30, failed: 0 },
    { calls: 15, failed: 0 },
  ],
  failovers: [
    { at: new Date(2026, 10, 21, 12, 1, 22).getTime(), text: 'hello-0a1b2c3d dropped → hello-4e5f6a7b' },
  ],
};
const CURSOR = { selected: 2, notice: 'kill -9 hello-0a1b2c3d' };

function draw(columns: number, rows = 40): string[] {
  return drawFrame(HEADLINE, VIEW, CURSOR, { columns, rows }, picocolors.createColors(false));
}

describe('drawFrame', () => {
  test('shows nodes, figures, failovers and keys', () => {
    expect(draw(110).join('\n')).toBe(`micromesh   curl http://localhost:8080/user/test
gateway → user → hello ×2   MICROMESH_REGISTRY=consul://127.0.0.1:40123   (dev agent)

  #  node                 address            process    seen by user   answered
  1  hello-0a1b2c3d       127.0.0.1:40001    killed     down                 38  connect ECONNREFUSED
▸ 2  hello-4e5f6a7b       127.0.0.1:40002    running    ready                65

  calls                104     30/s  █▄
  failed                 0             
  executed             104      3 in flight, 2 executions of calls by others
  executed twice         0
  retried                1

  last failovers
    12:01:22  hello-0a1b2c3d dropped → hello-4e5f6a7b

  1-9 select  k kill -9  f freeze  t thaw  s start  q quit
  kill -9 hello-0a1b2c3d`);
  });

  test('cuts lines at the width of the terminal, so that none wraps', () => {
    for (const columns of [10, 40, 80]) {
      expect(Math.max(...draw(columns).map((line) => line.length))).toBeLessThanOrEqual(columns);
    }
  });

  test('keeps keys and the selected node where there are few rows, then nodes and figures', () => {
    const firstWords = (rows: number) => draw(80, rows).map((line) => line.trim().split(/ {2,}/, 1)[0]);
    expect(firstWords(10)).toEqual([
      ...['micromesh', '#', '1', '▸ 2', 'calls', 'failed', 'executed', 'executed twice'],
      ...['1-9 select', 'kill -9 hello-0a1b2c3d'],
    ]);
    expect(firstWords(3)).toEqual(['▸ 2', '1-9 select', 'kill -9 hello-0a1b2c3d']);
    expect(draw(80, 0)).toEqual([]);
  });

  test('counts what is seen, not the codes of colours, as width', () => {
    const plain = draw(60);
    const colored = drawFrame(
      HEADLINE,
      VIEW,
      CURSOR,
      { columns: 60, rows: 40 },
      picocolors.createColors(true),
    );
    // biome-ignore lint/suspicious/noControlCharactersInRegex: colour codes begin with one.
    expect(colored.map((line) => line.replace(/\x1b\[\d+m/g, ''))).toEqual(plain);
  });
});
