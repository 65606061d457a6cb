import { FakeClock } from '@micromesh/core/testing';
import { beforeEach, describe, expect, it } from 'vitest';
import { Catalog } from './catalog.js';
import { Changes } from './changes.js';
import { LocalAgent } from './local-agent.js';
import { readRegistration } from './registration-reader.js';

let clock: FakeClock;
let changes: Changes;
let catalog: Catalog;
let agent: LocalAgent;

beforeEach(() => {
  clock = new FakeClock();
  changes = new Changes();
  catalog = new Catalog(changes);
  agent = new LocalAgent(catalog, clock);
});

function register(check: object): void {
  const body = Buffer.from(JSON.stringify({ ID: 'a1', Name: 'a', Check: check }));
  const { service, checks } = readRegistration(body);
  agent.register(service, checks, false);
}

function status(): string | undefined {
  return catalog.health('a').value[0]?.checks.at(-1)?.value.status;
}

describe('a TTL check', () => {
  it('goes critical when nobody reports in time, and each report starts the time anew', async () => {
    register({ TTL: '30s' });
    expect(status()).toBe('critical');
    agent.report('service:a1', 'passing', '');
    await clock.advance(29_999);
    agent.report('service:a1', 'passing', 'well');
    await clock.advance(29_999);
    expect(status()).toBe('passing');
    await clock.advance(1);
    expect(status()).toBe('critical');
    expect(agent.checks[0]?.output).toBe('TTL expired (last output before timeout follows): well');
  });

  it('moves no index when it reports what it reported before', () => {
    register({ TTL: '30s', Status: 'passing' });
    const before = catalog.health('a').index;
    for (let beat = 0; beat < 10; beat++) agent.report('service:a1', 'passing', `beat ${beat}`);
    expect(catalog.health('a').index).toBe(before);
  });

  it('takes its service away when it was critical for too long', async () => {
    register({ TTL: '30s', Status: 'passing', DeregisterCriticalServiceAfter: '10m' });
    await clock.advance(30_000 + 599_999);
    expect(status()).toBe('critical');
    await clock.advance(1);
    expect(agent.services.size).toBe(0);
    expect(catalog.health('a').value).toEqual([]);
    expect(clock.pendingTimers).toBe(0);
  });

  it('waits a minute before that, however short a time it was given, and not after it has recovered', async () => {
    register({ TTL: '1s', DeregisterCriticalServiceAfter: '1s' });
    await clock.advance(30_000);
    for (let beat = 0; beat < 100; beat++) {
      agent.report('service:a1', 'passing', '');
      await clock.advance(900);
    }
    expect(status()).toBe('passing');
    await clock.advance(100 + 59_999);
    expect(agent.services.size).toBe(1);
    await clock.advance(1);
    expect(agent.services.size).toBe(0);
  });
});

describe('a check that Consul would run itself', () => {
  it('passes, whatever its first state, because nothing here would ever change it', () => {
    register({ GRPC: '127.0.0.1:1', Interval: '5s', Status: 'critical' });
    expect(status()).toBe('passing');
    expect(agent.checks[0]?.output).toContain('makes no outbound checks');
    expect(clock.pendingTimers).toBe(0);
    expect(() => agent.report('service:a1', 'passing', '')).toThrow('does not have associated TTL');
  });
});

describe('an agent that ends', () => {
  it('leaves no timer', async () => {
    register({ TTL: '30s', DeregisterCriticalServiceAfter: '10m' });
    await clock.advance(30_000);
    agent.report('service:a1', 'critical', '');
    expect(clock.pendingTimers).toBe(2);
    agent.close();
    expect(clock.pendingTimers).toBe(0);
  });
});
