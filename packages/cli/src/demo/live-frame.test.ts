import picocolors from 'picocolors';
import { describe, expect, test } from 'vitest';
import type { DemoView } from './demo-model.js';
import { drawFrame } from './live-frame.js';

const HEADLINE = { gatewayUrl: 'http://localhost:8080', registry: 'dev agent 127.0.0.1:8555' };
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
  ...{ calls: 104, failed: 0, retried: 1, executions: 103, executedTwice: 0, perSecond: 30 },
  history: [
    { calls: 30, failed: 0 },
    { calls: 15, failed: 0 },
  ],
  failovers: [
    { at: new Date(2026, 10, 21, 12, 1, 22).getTime(), text: 'hello-0a1b2c3d dropped → hello-4e5f6a7b' },
  ],
};
const CURSOR = { selected: 2, notice: 'kill -9 hello-0a1b2c3d' };

function draw(columns: number): string[] {
  return drawFrame(HEADLINE, VIEW, CURSOR, columns, picocolors.createColors(false));
}

describe('drawFrame', () => {
  test('shows nodes, figures, failovers and keys', () => {
    expect(draw(110).join('\n')).toBe(`micromesh   curl http://localhost:8080/user/test
gateway → user → hello ×2   registry: dev agent 127.0.0.1:8555

  #  node                 address            process    seen by user   answered
  1  hello-0a1b2c3d       127.0.0.1:40001    killed     down                 38  connect ECONNREFUSED
▸ 2  hello-4e5f6a7b       127.0.0.1:40002    running    ready                65

  calls                104     30/s  █▄
  failed                 0             
  executed             103
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

  test('counts what is seen, not the codes of colours, as width', () => {
    const plain = draw(60);
    const colored = drawFrame(HEADLINE, VIEW, CURSOR, 60, picocolors.createColors(true));
    // biome-ignore lint/suspicious/noControlCharactersInRegex: colour codes begin with one.
    expect(colored.map((line) => line.replace(/\x1b\[\d+m/g, ''))).toEqual(plain);
  });
});
