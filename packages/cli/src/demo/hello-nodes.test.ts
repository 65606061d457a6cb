import { FakeClock } from '@micromesh/core/testing';
import { beforeEach, describe, expect, test } from 'vitest';
import { DemoModel } from './demo-model.js';
import { type DemoNode, HelloNodes } from './hello-nodes.js';

class ScriptedNode implements DemoNode {
  readonly ready;
  readonly ended: Promise<{ signal: NodeJS.Signals | null }>;
  running = true;
  frozen = false;
  #end: (end: { signal: NodeJS.Signals | null }) => void = () => {};

  constructor(readonly pid: number) {
    this.ready = { id: `hello-${pid}`, address: `127.0.0.1:${pid}` };
    this.ended = new Promise((resolve) => {
      this.#end = resolve;
    });
  }

  kill() {
    this.running = false;
    this.#end({ signal: 'SIGKILL' });
  }

  freeze() {
    this.frozen = true;
  }

  thaw() {
    this.frozen = false;
  }
}

let nodes: HelloNodes;
let model: DemoModel;
beforeEach(async () => {
  let pid = 100;
  model = new DemoModel(new FakeClock());
  nodes = new HelloNodes(async () => new ScriptedNode(++pid), model);
  await nodes.start(1);
  await nodes.start(2);
});

function shown(): string[] {
  return model.view().nodes.map(({ id, process }) => `${id} ${process}`);
}

describe('HelloNodes', () => {
  test('kills a node', async () => {
    expect(await nodes.command('k', 1)).toBe('kill -9 hello-101');
    expect(shown()).toEqual(['hello-101 killed', 'hello-102 running']);
    expect(await nodes.command('k', 1)).toContain('does not run');
  });

  test('freezes and thaws a node', async () => {
    expect(await nodes.command('t', 2)).toBe('2 is not frozen');
    await nodes.command('f', 2);
    expect(shown()[1]).toBe('hello-102 frozen');
    await nodes.command('t', 2);
    expect(shown()[1]).toBe('hello-102 running');
  });

  test('starts a node in the place of the selected one, else of the first that has ended, else in a new one', async () => {
    await nodes.command('k', 1);
    await nodes.command('k', 2);
    expect(await nodes.command('s', 2)).toBe('hello-103 started');
    expect(shown()).toEqual(['hello-101 killed', 'hello-103 running']);
    await nodes.command('s', 2);
    expect(shown()).toEqual(['hello-104 running', 'hello-103 running']);
    await nodes.command('s', 2);
    expect(nodes.slots).toEqual([1, 2, 3]);
  });

  test('starts no more than nine', async () => {
    for (let index = 3; index <= 9; index++) await nodes.command('s', 1);
    expect(await nodes.command('s', 1)).toBe('there are 9 nodes already');
  });

  test('does not show the end of a node whose place another has taken', async () => {
    await nodes.command('k', 1);
    await nodes.command('s', 1);
    expect(shown()[0]).toBe('hello-103 running');
  });
});
