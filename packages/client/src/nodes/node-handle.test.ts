import { status } from '@grpc/grpc-js';
import { events, type NodeEvent } from '@micromesh/core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { TestWorld, testNode } from '../testing/index.js';

const REFUSE = () => ({ kind: 'refuse' }) as const;

describe('the mark of a node', () => {
  let world: TestWorld;
  let told: NodeEvent[];
  let off: () => void;

  beforeEach(() => {
    world = new TestWorld();
    told = [];
    off = events.node.subscribe((event) => told.push(event));
  });
  afterEach(() => {
    off();
    world.room.close();
  });

  const states = (id: string) => told.filter(({ nodeId }) => nodeId === id).map(({ state }) => state);

  async function callTimes(times: number): Promise<void> {
    const caller = world.caller({ strategy: 'round-robin' });
    for (let index = 0; index < times; index++) {
      world.call(caller);
      await world.clock.settle();
    }
  }

  it('is "down" while it is not connected, and ends when it is again', async () => {
    const caller = world.caller();
    await world.nodes('a', 'b');
    world.transport.node('a').goDown();
    for (let index = 0; index < 5; index++) world.call(caller);
    await world.clock.settle();
    expect(world.path).toEqual(['b', 'b', 'b', 'b', 'b']);
    world.transport.node('a').comeBack();
    expect(states('a')).toEqual(['connecting', 'ready', 'down', 'ready']);
  });

  it('is "ejected" after five failures in a row, when its peers do well', async () => {
    await world.nodes('a', 'b', 'c');
    world.transport.node('a').script = REFUSE;
    await callTimes(15);
    expect(states('a')).toContain('ejected');
    const before = world.path.length;
    await callTimes(6);
    expect(world.path.slice(before)).not.toContain('a');
  });

  it('is told also where the node is being asked whether it lives', async () => {
    await world.nodes('a', 'b');
    const a = world.transport.node('a');
    a.script = () => ({ kind: 'silence' });
    a.freeze();
    world.call(world.caller({ filter: { version: '1' }, strategy: 'round-robin' }));
    await world.clock.advance(300);
    expect(world.transport.questions).toBe(1);
    a.goDown();
    a.thaw();
    await world.clock.settle();
    expect(states('a')).toEqual(['connecting', 'ready', 'down']);
  });

  it('ends by a health check when its time is over, not by a call', async () => {
    await world.nodes('a', 'b', 'c');
    world.transport.node('a').script = REFUSE;
    await callTimes(15);
    world.transport.node('a').script = ({ messages }) => ({ kind: 'answer', messages });
    const before = world.path.length;
    await world.clock.advance(30_000);
    expect(world.path.length).toBe(before);
    expect(states('a').at(-1)).toBe('ready');
    await callTimes(3);
    expect(world.path.slice(before)).toContain('a');
  });

  it('is not put on a node for the calls that one break or one silence has cost', async () => {
    const caller = world.caller({ strategy: 'round-robin' });
    await world.nodes('a', 'b');
    const a = world.transport.node('a');
    a.script = () => ({ kind: 'silence' });
    for (let index = 0; index < 20; index++) world.call(caller);
    await world.clock.settle();
    a.goDown();
    a.comeBack();
    await world.clock.settle();
    expect(states('a').slice(-2)).toEqual(['down', 'ready']);
    a.freeze();
    for (let index = 0; index < 20; index++) world.call(caller);
    await world.clock.advance(2000);
    a.thaw();
    await world.clock.settle();
    expect(states('a').slice(-2)).toEqual(['down', 'ready']);
    expect(states('a')).not.toContain('ejected');
  });

  it('is put on a node whose connection breaks again and again', async () => {
    await world.nodes('a', 'b', 'c');
    world.transport.node('a').script = () => ({ kind: 'drop' });
    await callTimes(20);
    expect(states('a')).toContain('ejected');
  });

  it('is put on nobody where all do badly, and on at most half of the nodes', async () => {
    await world.nodes('a', 'b', 'c', 'd');
    for (const id of ['a', 'b', 'c']) world.transport.node(id).script = REFUSE;
    await callTimes(60);
    const ejected = ['a', 'b', 'c', 'd'].filter((id) => states(id).at(-1) === 'ejected');
    expect(ejected.length).toBeLessThanOrEqual(2);
  });

  it('is not put on a node for what is not its fault', async () => {
    await world.nodes('a', 'b');
    world.transport.node('a').script = () => ({ kind: 'status', code: status.INTERNAL });
    await callTimes(20);
    expect(states('a')).toEqual(['connecting', 'ready']);
  });

  it('goes with its address: an id that moves to another one gets a channel there', async () => {
    world.caller();
    await world.nodes('a', 'b');
    world.registry.show({ name: 'hello' }, [
      testNode('a', { address: { kind: 'unix', path: '/elsewhere' } }),
      testNode('b', { labels: { zone: 'z' } }),
    ]);
    await world.clock.settle();
    const ofA = told
      .filter(({ nodeId }) => nodeId === 'a')
      .map(({ address, state }) => `${state} ${address}`);
    expect(ofA).toEqual([
      'connecting unix:/a',
      'ready unix:/a',
      'left unix:/a',
      'connecting unix:/elsewhere',
      'ready unix:/elsewhere',
    ]);
    expect(states('b')).toEqual(['connecting', 'ready']);
  });

  it('goes with its instance: a new one at the same address starts without', async () => {
    await world.nodes('a', 'b', 'c');
    world.transport.node('a').script = REFUSE;
    await callTimes(15);
    expect(states('a').at(-1)).toBe('ejected');
    await world.nodes('a2', 'b', 'c');
    const before = world.path.length;
    await callTimes(3);
    expect(world.path.slice(before)).toContain('a2');
    expect(states('a').at(-1)).toBe('left');
  });
});
