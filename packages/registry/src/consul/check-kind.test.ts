import { parseAddress } from '@micromesh/core';
import { describe, expect, it } from 'vitest';
import { chooseCheck, hostsOfThisMachine } from './check-kind.js';

const here = new Set(['127.0.0.1', '10.0.0.5']);

describe('chooseCheck', () => {
  it.each([
    ['10.0.0.5:80', '10.0.0.9', 'grpc'],
    ['127.0.0.1:80', '127.0.0.1', 'grpc'],
    ['localhost:80', '10.0.0.5', 'grpc'],
    ['[::1]:80', '10.0.0.5', 'grpc'],
    // The agent is on another machine, or in a container: its loopback is not ours.
    ['127.0.0.1:80', '172.17.0.2', 'ttl'],
    ['127.0.0.1:80', '', 'ttl'],
    ['unix:/run/hello', '127.0.0.1', 'ttl'],
  ])('of a node at %s and an agent at %s is %s', (node, agent, check) => {
    expect(chooseCheck(parseAddress(node), { address: agent, runsChecks: true }, here)).toBe(check);
  });

  it('is a heartbeat where the agent runs no checks, or says nothing', () => {
    const node = parseAddress('10.0.0.5:80');
    expect(chooseCheck(node, { address: '127.0.0.1', runsChecks: false }, here)).toBe('ttl');
    expect(chooseCheck(node, undefined, here)).toBe('ttl');
  });
});

describe('hostsOfThisMachine', () => {
  it('has its loopback address', () => {
    expect(hostsOfThisMachine()).toContain('127.0.0.1');
  });
});
