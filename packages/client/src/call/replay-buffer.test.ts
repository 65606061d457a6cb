import { describe, expect, it } from 'vitest';
import { ReplayBuffer, ReplayMemory } from './replay-buffer.js';

function message(size: number, written?: () => void) {
  return { bytes: Buffer.alloc(size), flags: 0, written };
}

describe('the replay buffer', () => {
  it('never counts a single message, however large', () => {
    const memory = new ReplayMemory(10);
    const buffer = new ReplayBuffer(10, memory);
    expect(buffer.push(message(1000))).toBe(true);
    expect(memory.used).toBe(0);
  });

  it('says when a call, or all calls of the mesh, keep too much', () => {
    const memory = new ReplayMemory(15);
    const first = new ReplayBuffer(10, memory);
    first.push(message(1));
    expect(first.push(message(10))).toBe(true);
    expect(first.push(message(1))).toBe(false);
    const second = new ReplayBuffer(10, memory);
    second.push(message(1));
    expect(second.push(message(5))).toBe(false);
  });

  it('keeps what was written until it is released, then drops it and gives the memory back', () => {
    const memory = new ReplayMemory(100);
    const buffer = new ReplayBuffer(100, memory);
    for (let index = 0; index < 3; index++) buffer.push(message(10));
    buffer.acknowledge(2);
    expect(buffer.at(0)).toBeDefined();
    buffer.release(2);
    expect(memory.used).toBe(0);
    expect(buffer.at(1)).toBeUndefined();
    expect(buffer.at(2)).toBeDefined();
    expect(buffer.count).toBe(3);
    buffer.push(message(10));
    buffer.acknowledge(4);
    expect(buffer.at(3)).toBeUndefined();
  });

  it('tells each writer once, whichever attempt writes its message', () => {
    const buffer = new ReplayBuffer(100, new ReplayMemory(100));
    let told = 0;
    buffer.push(message(1, () => told++));
    buffer.acknowledge(1);
    buffer.acknowledge(1);
    expect(told).toBe(1);
  });

  it('keeps what the winner has still to write, where an attempt before it had come further', () => {
    const buffer = new ReplayBuffer(100, new ReplayMemory(100));
    for (let index = 0; index < 5; index++) buffer.push(message(1));
    buffer.acknowledge(5);
    buffer.release(2);
    expect(buffer.at(1)).toBeUndefined();
    expect(buffer.at(2)).toBeDefined();
    expect(buffer.at(4)).toBeDefined();
  });

  it('bounds messages without bytes too', () => {
    const buffer = new ReplayBuffer(1, new ReplayMemory(1));
    let kept = 0;
    while (kept < 100_000 && buffer.push(message(0))) kept++;
    expect(kept).toBeLessThan(20_000);
  });

  it('confirms every message at the end of the call, and those that come after it at once', () => {
    const memory = new ReplayMemory(100);
    const buffer = new ReplayBuffer(100, memory);
    let told = 0;
    for (let index = 0; index < 3; index++) buffer.push(message(10, () => told++));
    buffer.acknowledge(1);
    buffer.close();
    expect(told).toBe(3);
    buffer.push(message(10, () => told++));
    expect(told).toBe(4);
    expect(memory.used).toBe(0);
    expect(buffer.at(3)).toBeUndefined();
  });

  it('tells a writer once, also when it goes on in the middle of a confirmation', () => {
    const buffer = new ReplayBuffer(100, new ReplayMemory(100));
    let told = 0;
    buffer.push(
      message(1, () => {
        told++;
        buffer.push(message(1));
        buffer.acknowledge(2);
      }),
    );
    buffer.acknowledge(1);
    expect(told).toBe(1);
  });
});
